import { deferred } from "../client/deferred.ts";
import { EXIT, type ExitCode } from "./exit.ts";

/** Resolves with the exit code when the command is told to end, by Ctrl-C or SIGTERM; the second time it ends at once. */
export function untilInterrupted(): Promise<ExitCode> {
  const { promise, resolve } = deferred<ExitCode>();
  let isEnding = false;
  const end = (exitCode: ExitCode) => {
    if (isEnding) process.exit(exitCode);
    isEnding = true;
    resolve(exitCode);
  };
  process.on("SIGINT", () => end(EXIT.INTERRUPTED));
  process.on("SIGTERM", () => end(EXIT.TERMINATED));
  return promise;
}
