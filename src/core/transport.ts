import type { CloseCode } from "../protocol/errors.ts";
import type { Range } from "./range.ts";

/** A reply or notice as JSON text, which each transport puts into its own form. */
export interface TextMessage {
  readonly kind: "text";
  readonly text: string;
}

/** Replies that are encoded already, as WebSocket frames one behind the other. */
export interface EncodedReplies {
  readonly kind: "replies";
  readonly bytes: Buffer;
  readonly start: number;
  readonly end: number;
}

/** What a session hands to its transport. */
export type Outgoing = TextMessage | EncodedReplies | Range;

/** Where a transport takes its messages from. */
export interface MessageSource {
  /**
   * Removes and returns what is to be sent next; undefined when there is nothing.
   * @param maxBytes a range is cut so that it is no longer than this, but it has at least one event
   */
  next(maxBytes: number): Outgoing | undefined;
}

/**
 * The ways in which a client can be connected; `sse`: subscribed by server-sent events; `http`: by an event stream and
 * requests, in place of a WebSocket.
 */
export const TRANSPORT_KINDS = ["websocket", "sse", "http"] as const;
export type TransportKind = (typeof TRANSPORT_KINDS)[number];

/** The port to one client's socket. */
export interface Transport {
  readonly kind: TransportKind;
  /**
   * Sends the source's messages, in order and in as few writes as possible, until it has no more or the socket is full. A
   * message that was taken from the source is on its way and is not lost while the connection lives.
   * @returns whether the socket is full: it takes no more until it has drained
   */
  write(source: MessageSource): boolean;
  /** Sends events whose session has nothing else to send, like `write`. */
  writeEvents(range: Range): boolean;
  /** Whether a write may still be read after the flush though the socket is not full, as on TLS. */
  readonly readsLater: boolean;
  /** How many bytes were handed over that the operating system has not taken yet. */
  bufferedBytes(): number;
  /** Sends a protocol-level ping. */
  ping(): void;
  /** Sends what is buffered, then a close frame, and closes. */
  close(code: CloseCode, reason: string): void;
  /** Destroys the connection at once; what is buffered is lost. */
  terminate(): void;
}
