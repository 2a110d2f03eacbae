import pino, { type Logger } from "pino";
import { prettyFactory } from "pino-pretty";
import type { Config } from "../config/options.ts";
import { openLogOutput } from "./log-output.ts";

export type { Logger };

/** A logger, and how to see its last lines out before the process ends. */
export interface Log {
  readonly logger: Logger;
  /** Writes what is still in memory; to be awaited before the process exits. Takes a second at most. */
  close(): Promise<void>;
}

// What JSON lets through but a terminal or a log reader may take for a new line, a colour or a change of direction.
const UNSAFE = /[\u007f-\u009f\u061c\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;
function escapeUnsafe(line: string): string {
  return line.replace(UNSAFE, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

/** pino-pretty halves the backslashes of its single lines, with which a name could end its own quotes: twice as many. */
function doubleBackslashes(line: string): string {
  return line.replace(/\\./g, (pair) => (pair === "\\\\" ? "\\\\\\\\" : pair));
}

/** Makes the logger: one line a message on standard output, as text or JSON, whatever users sent. */
export function createLog({ logLevel, logFormat }: Pick<Config, "logLevel" | "logFormat">): Log {
  const output = openLogOutput();
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
    { write: (line: string) => output.write(escapeUnsafe(format(line))) },
  );
  return { logger, close: output.close };
}
