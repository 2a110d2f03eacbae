import type { ErrorCode } from "../protocol/errors.ts";
import { Histogram } from "./histogram.ts";

/** What happened since the server began. Plain numbers, written where it happens, read by statistics and metrics. */
export interface Counters {
  /** Events that topics accepted. */
  published: number;
  /** Events handed to subscribers' queues, replays included. */
  delivered: number;
  /** Events that subscribers lost because they did not read. */
  dropped: number;
  /** Connections closed for not reading. */
  slowConsumers: number;
  /** Bytes of messages handed to sockets. */
  sentBytes: number;
  /** Bytes of clients' messages and of request bodies. */
  receivedBytes: number;
  /** Errors told to clients, by code. */
  readonly errors: Record<ErrorCode, number>;
  /** Seconds from a message's acceptance to its write to a socket; one value a write, of the oldest message in it. */
  readonly publishToWriteSec: Histogram;
}

const PUBLISH_TO_WRITE_BOUNDS_SEC = [
  0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10,
];

function noErrors(): Record<ErrorCode, number> {
  return {
    BAD_REQUEST: 0,
    UNAUTHORIZED: 0,
    FORBIDDEN: 0,
    NOT_FOUND: 0,
    TOPIC_NOT_FOUND: 0,
    METHOD_NOT_ALLOWED: 0,
    REQUEST_TIMEOUT: 0,
    CONFLICT: 0,
    PAYLOAD_TOO_LARGE: 0,
    UPGRADE_REQUIRED: 0,
    RATE_LIMITED: 0,
    LIMIT_EXCEEDED: 0,
    SLOW_CONSUMER: 0,
    INTERNAL: 0,
    UNAVAILABLE: 0,
  };
}

/** All counters at zero. */
export function newCounters(): Counters {
  return {
    published: 0,
    delivered: 0,
    dropped: 0,
    slowConsumers: 0,
    sentBytes: 0,
    receivedBytes: 0,
    errors: noErrors(),
    publishToWriteSec: new Histogram(PUBLISH_TO_WRITE_BOUNDS_SEC),
  };
}
