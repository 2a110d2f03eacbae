import type { ErrorCode } from "../protocol/errors.ts";

/**
 * What the SDK itself refuses, besides the server's codes:
 * - `CLOSED`: the client was closed, or is closing
 * - `QUEUE_FULL`: as many publishes are unanswered as `maxPending` allows
 * - `TIMEOUT`: no ack within `publishTimeoutMs`; the server may have taken the message or not
 * - `UNCONFIRMED`: the connection broke before the ack, and `resend` is off or the server has restarted; it may have been taken or not
 * - `INVALID_PAYLOAD`: no JSON, or not what the topic's schema asks for
 * - `UNSUPPORTED`: the URL or the credentials are unusable, or the runtime has no WebSocket and none was given
 * - `NO_TOKEN`: `getToken` did not return a valid token, or took longer than 30 s
 * - `TOPIC_DELETED`: the topic was deleted, and the subscription with it
 */
export type ClientErrorCode =
  | "CLOSED"
  | "QUEUE_FULL"
  | "TIMEOUT"
  | "UNCONFIRMED"
  | "INVALID_PAYLOAD"
  | "UNSUPPORTED"
  | "NO_TOKEN"
  | "TOPIC_DELETED";

/** Whatever the SDK rejects a promise with, or ends a subscription for. Tell them apart by `code`. */
export class RingcastError extends Error {
  readonly code: ErrorCode | ClientErrorCode;

  constructor(code: ErrorCode | ClientErrorCode, message: string, cause?: unknown) {
    super(message, { cause });
    this.name = "RingcastError";
    this.code = code;
  }
}

/** Runs what the application gave. What it throws is reported as the runtime reports any uncaught exception. */
export function run(callback: () => void): void {
  try {
    callback();
  } catch (error) {
    queueMicrotask(() => {
      throw error;
    });
  }
}
