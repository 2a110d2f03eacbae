import type { ErrorCode } from "../protocol/errors.ts";

/**
 * What the library itself reports, besides the server's codes:
 * - `UNREACHABLE`: nothing answers at the URL
 * - `NOT_RINGCAST`: something answers at the URL, but it is not a Ringcast server
 * - `TIMEOUT`: no answer within `timeoutMs`; the server may have taken the messages or not
 * - `INVALID_PAYLOAD`: a payload that JSON can't express
 */
export type BackendErrorCode = "UNREACHABLE" | "NOT_RINGCAST" | "TIMEOUT" | "INVALID_PAYLOAD";

/** The error of every rejected promise of this library. Tell them apart by `code`. */
export class RingcastError extends Error {
  readonly code: ErrorCode | BackendErrorCode;
  /** The HTTP status of the response, where there was one. */
  readonly status: number | undefined;

  constructor(code: ErrorCode | BackendErrorCode, message: string, options: ErrorOptions & { status?: number } = {}) {
    super(message, options);
    this.name = "RingcastError";
    this.code = code;
    this.status = options.status;
  }
}
