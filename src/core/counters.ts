/** What happened since the server began. Plain numbers, written where it happens, read by the statistics. */
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
}

/** All counters at zero. */
export function newCounters(): Counters {
  return { published: 0, delivered: 0, dropped: 0, slowConsumers: 0, sentBytes: 0 };
}
