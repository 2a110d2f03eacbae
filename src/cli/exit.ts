import { RingcastError } from "../client/index.ts";

/** The exit codes of every verb but `serve`. */
export const EXIT = {
  DONE: 0,
  /** The server refused it, messages were lost, or the server is not well. */
  FAILURE: 1,
  /** The command line is wrong. */
  USAGE: 2,
  /** The server can't be reached, or could not be any more. */
  UNREACHABLE: 3,
  /** The key or token is missing, wrong, or does not allow this. */
  DENIED: 4,
  /** Ended by Ctrl-C (SIGINT); as shells have it, 128 and the signal's number. */
  INTERRUPTED: 130,
  /** Ended by SIGTERM. */
  TERMINATED: 143,
} as const;
export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** Ends the command with an exit code and one line that says why. */
export class Failure extends Error {
  readonly exitCode: ExitCode;

  constructor(exitCode: ExitCode, message: string) {
    super(message);
    this.exitCode = exitCode;
  }
}

function exitCodeOf({ code }: RingcastError): ExitCode {
  switch (code) {
    case "UNAUTHORIZED":
    case "FORBIDDEN":
      return EXIT.DENIED;
    case "NOT_RINGCAST":
    case "TIMEOUT":
    case "UNREACHABLE":
      return EXIT.UNREACHABLE;
    case "UNSUPPORTED":
      return EXIT.USAGE;
    default:
      return EXIT.FAILURE;
  }
}

/** What anything that was thrown means for the command. */
export function asFailure(error: unknown): Failure {
  if (error instanceof Failure) return error;
  if (error instanceof RingcastError) return new Failure(exitCodeOf(error), `${error.code}: ${error.message}`);
  return new Failure(EXIT.FAILURE, String(error));
}
