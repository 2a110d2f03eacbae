import type { CloseCode } from "../protocol/errors.ts";
import type { Outgoing } from "./outbox.ts";

/** Where a transport takes its messages from. */
export interface MessageSource {
  /** Removes and returns the next message to send; undefined when there is none. */
  next(): Outgoing | undefined;
}

/** The ways in which a client can be connected; `sse`: by server-sent events. */
export const TRANSPORT_KINDS = ["websocket", "sse"] as const;
export type TransportKind = (typeof TRANSPORT_KINDS)[number];

/** The port to one client's socket. */
export interface Transport {
  readonly kind: TransportKind;
  /**
   * Sends the source's messages, in order and in one write, until it has no more or the socket is backed up. A
   * message that was taken from the source is on its way and is not lost while the connection lives.
   * @returns whether the socket is backed up: it takes no more until it has drained
   */
  write(source: MessageSource): boolean;
  /** How many bytes were handed over that the operating system has not taken yet. */
  bufferedBytes(): number;
  /** Sends a protocol-level ping, and with it tries again to hand over what is buffered. */
  ping(): void;
  /** Sends what is buffered, then a close frame, and closes. */
  close(code: CloseCode, reason: string): void;
  /** Destroys the connection at once; what is buffered is lost. */
  terminate(): void;
}
