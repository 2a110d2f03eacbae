import type { RingcastError } from "./errors.ts";

/** What a client shows to be let in; at most one of them. */
export interface Credentials {
  readonly apiKey: string | undefined;
  readonly token: string | undefined;
}

/** Called with what happens on a socket. */
export interface SocketEvents {
  opened(): void;
  received(text: string): void;
  /**
   * It is gone, or never came to be; the code is 1006 where there was no close frame (RFC 6455, section 7.4.1). The problem
   * is what the reason is about, where that is known.
   */
  closed(code: number, reason: string, problem?: RingcastError["code"]): void;
  /** Another socket works as well, and better. Returns whether it takes the place of this one, with the same events. */
  replaced(socket: Socket): boolean;
}

/** One WebSocket. */
export interface Socket {
  send(text: string): void;
  /** Says goodbye, and calls back when the other side has answered. No further event comes. */
  close(done: () => void): void;
  /** Lets go of it at once. No further event comes. */
  drop(): void;
}

/** The world outside, as a port: sockets, time, chance. */
export interface Platform {
  /** Begins to open a WebSocket; throws where the URL or the credentials can't be used. */
  open(url: string, credentials: Credentials, events: SocketEvents): Socket;
  /** The same by an event stream and HTTP requests; rejects if the module for that can't be loaded. */
  openHttp(url: string, credentials: Credentials, events: SocketEvents): Promise<Socket>;
  /** Runs a function after so many milliseconds, but at the latest after 2^31 - 1 (25 days); returns what cancels it. */
  after(ms: number, run: () => void): () => void;
  /**
   * Runs a function whenever a link may have died unnoticed: the machine is online again, the page is shown or thawed, or
   * the program did not run for a while, as when the machine slept. Returns what ends that.
   */
  whenBack(run: () => void): () => void;
  /** From 0 to below 1. */
  random(): number;
  /** Shows a text to the developer; in production, to nobody. */
  warn(text: string): void;
}

/** A handler of events. Declared as a method, so that an implementation may expect more of its events than this. */
type Handler<E> = { handle(event: E): void }["handle"] | null;

/** What the SDK uses of a WebSocket. */
export interface WebSocketLike {
  onopen: Handler<unknown>;
  onmessage: Handler<{ readonly data: unknown }>;
  onerror: Handler<object>;
  onclose: Handler<{ readonly code: number; readonly reason: string }>;
  send(text: string): void;
  close(): void;
  /** Closes the connection without a close handshake, where the implementation can. */
  terminate?(): void;
}

/** A WebSocket class that is called as that of the package `ws`. */
export type WebSocketClass = new (
  url: string,
  protocols: string[],
  options: { readonly headers: Record<string, string> },
) => WebSocketLike;
