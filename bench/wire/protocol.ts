/** Something sent, and the text that shows that the server has taken it in. */
export interface Exchange {
  readonly send: Uint8Array;
  readonly expect: string;
}

/**
 * How a peer is spoken to, as bytes on a TCP connection. It says nothing about how a delivery looks: the load finds its
 * own marker in whatever arrives, so that every peer costs the load the same.
 */
export interface Protocol {
  /** What a new connection goes through before it may subscribe or publish. */
  readonly login: readonly Exchange[];
  /** Joins a topic. `subscriber` is a name for the connection, for peers that want one. */
  subscribe(topic: string, subscriber: string): Exchange;
  /** One publication. `id` is for peers whose messages have an id of their own. */
  publish(topic: string, id: string, payload: string): Uint8Array;
  /** A text that occurs once in each answer to a publication; null where publications are not answered. */
  readonly acknowledgement: string | null;
  /** Subscribes a fresh connection by HTTP to a topic's server-sent events, for peers that have them. */
  eventStream?(topic: string): Exchange;
  /** Asks for the last `count` messages of a topic, for peers that keep some. */
  replay?(topic: string, subscriber: string, count: number): Uint8Array;
}
