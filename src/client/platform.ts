import { RingcastError } from "./errors.ts";

/** What a client shows to be let in; at most one of them. */
export interface Credentials {
  readonly apiKey: string | undefined;
  readonly token: string | undefined;
}

/** Told of what happens on a socket. */
export interface SocketEvents {
  opened(): void;
  received(text: string): void;
  /** It is gone, or never came to be; the code is 1006 where there was no close frame (RFC 6455, section 7.4.1). */
  closed(code: number, reason: string): void;
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
  /** Runs a function after so many milliseconds, at most 2^31 - 1; returns what cancels it. */
  after(ms: number, run: () => void): () => void;
  /**
   * Runs a function whenever a link may have died unnoticed: the machine is online again, the page is shown or thawed, or
   * the program did not run for a while, as when the machine slept. Returns what ends that.
   */
  whenBack(run: () => void): () => void;
  /** From 0 to below 1. */
  random(): number;
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

/** The runtime's own class. Only browsers do without the second form of the options. */
type OwnClass = new (
  url: string,
  options: string[] | { readonly protocols: string[]; readonly headers: Record<string, string> },
) => WebSocketLike;

declare const WebSocket: OwnClass;

/** How often the program looks whether it has run all the time, and by how much it may be late. */
const TICK_MS = 1000;
const MAX_LATE_MS = 2000;

/** What a browser's window and document can do, and other runtimes cannot. */
interface Listening {
  addEventListener?(type: string, run: () => void): void;
  removeEventListener?(type: string, run: () => void): void;
}

interface Globals extends Listening {
  readonly document?: Listening & { readonly visibilityState: string };
  /** Every runtime has this one. */
  readonly setTimeout: unknown;
}

const globals: Globals = globalThis;

/** Calls a function when a target has one of the events; returns what ends that. */
function listen(target: Listening | undefined, types: readonly string[], run: () => void): () => void {
  for (const type of types) target?.addEventListener?.(type, run);
  return () => {
    for (const type of types) target?.removeEventListener?.(type, run);
  };
}

/** Calls a function when the program did not run for a while; returns what ends that. */
function whenLate(run: () => void): () => void {
  let lastMs = Date.now();
  const timer = setInterval(() => {
    const nowMs = Date.now();
    if (nowMs - lastMs > TICK_MS + MAX_LATE_MS) run();
    lastMs = nowMs;
  }, TICK_MS);
  // It must not keep a process from ending. A browser's timers are numbers.
  const handle: { unref?(): void } = Object(timer);
  handle.unref?.();
  return () => clearInterval(timer);
}

/** Adapts a WebSocket to the SDK. */
function adapt(socket: WebSocketLike, events: SocketEvents): Socket {
  let problem = "";
  socket.onopen = () => events.opened();
  // The server sends no binary messages: such a one is as wrong as an empty text.
  socket.onmessage = ({ data }) => events.received(typeof data === "string" ? data : "");
  socket.onerror = (event) => {
    // Some runtimes say here what was wrong with the handshake.
    if ("message" in event) problem = String(event.message);
  };
  socket.onclose = ({ code, reason }) => events.closed(code, reason || problem);
  const end = (done: (() => void) | null) => {
    // The handler of errors stays: some runtimes throw what nobody handles.
    socket.onopen = socket.onmessage = null;
    socket.onclose = done;
    socket.close();
  };
  return {
    send: (text) => socket.send(text),
    close: end,
    drop: () => {
      end(null);
      // The other side may be gone, and never answer. Where there is no such function, only the system notices that.
      socket.terminate?.();
    },
  };
}

/**
 * The runtime that this runs in: a browser, Node.js, Bun or Deno.
 * @param Given a class to use instead of the runtime's own
 * @throws RingcastError `UNSUPPORTED` where there is neither
 */
export function createPlatform(Given: WebSocketClass | undefined): Platform {
  if (!Given && typeof WebSocket === "undefined") {
    throw new RingcastError("UNSUPPORTED", "no WebSocket: set the option webSocket");
  }
  return {
    open: (url, { apiKey, token }, events) => {
      const protocols = ["ringcast.v1"];
      if (token !== undefined) protocols.push(`token.${token}`);
      const headers: Record<string, string> = apiKey === undefined ? {} : { "X-API-Key": apiKey };
      // Browsers take no headers: they understand the object as the name of a subprotocol, an invalid one, and throw.
      const own = apiKey === undefined ? protocols : { protocols, headers };
      return adapt(Given ? new Given(url, protocols, { headers }) : new WebSocket(url, own), events);
    },
    after: (ms, run) => {
      const timer = setTimeout(run, ms);
      return () => clearTimeout(timer);
    },
    whenBack: (run) => {
      const { document } = globals;
      const shown = () => {
        if (document?.visibilityState === "visible") run();
      };
      const ends = [
        listen(globals, ["online", "pageshow"], run),
        listen(document, ["visibilitychange", "resume"], shown),
        whenLate(run),
      ];
      return () => {
        for (const end of ends) end();
      };
    },
    random: Math.random,
  };
}
