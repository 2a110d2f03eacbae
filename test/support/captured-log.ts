import pino from "pino";

/** A logger, and what it was told: each line as an object with `level` (30 info, 40 warn, 50 error), `msg` and the rest. */
export function captureLog() {
  const lines: unknown[] = [];
  const logger = pino({ base: null, timestamp: false }, { write: (line: string) => void lines.push(JSON.parse(line)) });
  return { lines, logger };
}
