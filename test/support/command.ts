import { basename, join } from "node:path";

export const ROOT = join(import.meta.dirname, "..", "..");
export const COMMAND = join(ROOT, "bin", "ringcast");

/** The Node.js or Bun executable that runs the command under test; the command's own first line decides if it is unset. */
const RUNTIME = process.env["RINGCAST_RUNTIME"] || undefined;

/** The executable that runs scripts under test: the one that `RINGCAST_RUNTIME` names, or the Node.js of the tests. */
export const SCRIPT_RUNTIME = RUNTIME ?? process.execPath;

/** Whether the command under test runs on Bun. */
export const RUNS_ON_BUN = RUNTIME !== undefined && basename(RUNTIME).startsWith("bun");

/** The words that run a command such as `bin/ringcast` on the runtime that `RINGCAST_RUNTIME` names. */
export function onRuntime(...words: readonly string[]): string[] {
  return [...(RUNTIME === undefined ? [] : [RUNTIME]), ...words];
}

/** The words that run `ringcast` with these arguments, on the runtime that `RINGCAST_RUNTIME` names. */
export function ringcast(...words: readonly string[]): string[] {
  return onRuntime(COMMAND, ...words);
}
