import type { ErrorCode } from "../protocol/errors.ts";

/**
 * What the SDK itself reports, besides the server's codes:
 * - `CLOSED`: the client was closed, or is closing
 * - `QUEUE_FULL`: as many publishes are unanswered as `maxPending` allows
 * - `TIMEOUT`: no ack within `publishTimeoutMs`; the server may have taken the message or not
 * - `UNCONFIRMED`: the connection broke before the ack, and `resend` is off or the server has restarted; it may have been taken or not
 * - `INVALID_PAYLOAD`: no JSON, or not what the topic's schema asks for
 * - `UNSUPPORTED`: the URL or the credentials are unusable, or the runtime has no WebSocket and none was given
 * - `NO_TOKEN`: `getToken` failed, did not return a valid token, or took longer than 30 s
 * - `TOPIC_DELETED`: the topic was deleted, and the subscription with it
 * - `UNREACHABLE`: nothing answers at the URL
 * - `NOT_RINGCAST`: something answers at the URL, but it is no Ringcast server
 * - `CLAMPED`: a subscription asked for more messages than the server keeps, and gets as many as it keeps
 */
export type ClientErrorCode =
  | "CLOSED"
  | "QUEUE_FULL"
  | "TIMEOUT"
  | "UNCONFIRMED"
  | "INVALID_PAYLOAD"
  | "UNSUPPORTED"
  | "NO_TOKEN"
  | "TOPIC_DELETED"
  | "UNREACHABLE"
  | "NOT_RINGCAST"
  | "CLAMPED";

/** What an error is about, and what caused it. */
export interface RingcastErrorOptions extends ErrorOptions {
  /** The topic that it is about; the message names it, too. */
  readonly topic?: string;
}

/** The error of every rejected promise, ended subscription and warning of the SDK. Tell them apart by `code`. */
export class RingcastError extends Error {
  readonly code: ErrorCode | ClientErrorCode;
  /** The topic that it is about, if it is about one. */
  readonly topic: string | undefined;

  constructor(code: ErrorCode | ClientErrorCode, message: string, { topic, ...options }: RingcastErrorOptions = {}) {
    super(topic === undefined ? message : `topic ${JSON.stringify(topic)}: ${message}`, options);
    this.name = "RingcastError";
    this.code = code;
    this.topic = topic;
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
