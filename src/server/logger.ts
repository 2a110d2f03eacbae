import pino, { type Logger } from "pino";
import { prettyFactory } from "pino-pretty";
import type { Config } from "../config/options.ts";

export type { Logger };

/** A logger, and how to see its last lines out before the process ends. */
export interface Log {
  readonly logger: Logger;
  /** Writes what is still in memory; to be awaited before the process exits. Takes a second at most. */
  close(): Promise<void>;
}

// What JSON lets through but a terminal or a log reader may take for a new line, a colour or a change of direction.
const UNSAFE = /[\u007f-\u009f\u061c\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;
/** Past this many bytes that nobody takes from standard output, lines are lost rather than memory. */
const MAX_PENDING_BYTES = 4 * 1024 * 1024;
/** How long the last lines may take on their way out. */
const CLOSE_TIMEOUT_MS = 1000;

function escapeUnsafe(line: string): string {
  return line.replace(UNSAFE, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

/** pino-pretty halves the backslashes of its single lines, with which a name could end its own quotes: twice as many. */
function doubleBackslashes(line: string): string {
  return line.replace(/\\./g, (pair) => (pair === "\\\\" ? "\\\\\\\\" : pair));
}

/** Makes the logger: one line a message on standard output, as text or JSON, whatever users sent. */
export function createLog({ logLevel, logFormat }: Pick<Config, "logLevel" | "logFormat">): Log {
  // Asynchronous: whoever reads the log slowly must not hold up the server.
  const output = pino.destination({ dest: 1, sync: false, minLength: 0, maxLength: MAX_PENDING_BYTES });
  const toText = prettyFactory({ colorize: false, singleLine: true, translateTime: false, errorLikeObjectKeys: [] });
  const format = logFormat === "json" ? (line: string) => line : (line: string) => toText(doubleBackslashes(line));
  const logger = pino(
    {
      level: logLevel,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      serializers: {
        err: (error: unknown) => (error instanceof Error ? (error.stack ?? error.message) : String(error)),
      },
    },
    { write: (line: string) => void output.write(escapeUnsafe(format(line))) },
  );
  // Standard output may be closed, or never have been open: there is nobody left to tell, and no reason to end.
  output.on("error", () => {});
  // At exit pino would write the rest synchronously, and wait without end for an output that takes nothing. `close`
  // has given it its time.
  output.flushSync = () => {};
  return {
    logger,
    close: () =>
      new Promise((resolve) => {
        output.on("close", resolve);
        setTimeout(resolve, CLOSE_TIMEOUT_MS);
        output.end();
      }),
  };
}
