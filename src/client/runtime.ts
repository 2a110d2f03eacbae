import { RingcastError } from "./errors.ts";
import type { Platform, Socket, SocketEvents, WebSocketClass, WebSocketLike } from "./platform.ts";

/** The runtime's own class. Only browsers do without the second form of the options. */
type OwnClass = new (
  url: string,
  options: string[] | { readonly protocols: string[]; readonly headers: Record<string, string> },
) => WebSocketLike;

declare const WebSocket: OwnClass;

/** How often the program looks whether it has run all the time, and by how much it may be late. */
const TICK_MS = 1000;
const MAX_LATE_MS = 2000;
/** The longest time that timers know; a longer one would be over at once. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/** What a browser's window and document can do, and other runtimes cannot. */
interface Listening {
  addEventListener?(type: string, run: () => void): void;
  removeEventListener?(type: string, run: () => void): void;
}

interface Globals extends Listening {
  readonly document?: Listening & { readonly visibilityState: string };
  readonly location?: { readonly hostname: string };
  readonly process?: { readonly env?: Readonly<Record<string, string | undefined>> };
  readonly console: { warn(text: string): void };
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

/** Whether a developer looks at the console: by `NODE_ENV` where there is one; a page is local. */
function isDevelopment(): boolean {
  const { location, process } = globals;
  const environment = process?.env?.["NODE_ENV"];
  return environment === undefined
    ? /^(?:localhost$|127\.|\[::1)/.test(location?.hostname ?? "localhost")
    : environment !== "production";
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

/** What a platform depends on. */
export interface PlatformOptions {
  readonly apiKey?: string | undefined;
  /** A class to use instead of the runtime's own. */
  readonly webSocket?: WebSocketClass | undefined;
}

/**
 * The runtime that this runs in: a browser, Node.js, Bun or Deno.
 * @throws RingcastError `UNSUPPORTED` if it is a page and an API key is given
 */
export function createPlatform({ apiKey, webSocket: Given }: PlatformOptions): Platform {
  if (!Given && apiKey !== undefined && globals.document !== undefined) {
    throw new RingcastError("UNSUPPORTED", "browsers can't send an API key: use a token");
  }
  const platform: Platform = {
    open: (url, { apiKey, token }, events) => {
      // Not before: pages are rendered on servers, too, where nothing is to be opened.
      if (!Given && typeof WebSocket === "undefined") {
        throw new RingcastError("UNSUPPORTED", "this runtime has no WebSocket: pass the package ws as webSocket");
      }
      const protocols = ["ringcast.v1"];
      if (token !== undefined) protocols.push(`token.${token}`);
      const headers: Record<string, string> = apiKey === undefined ? {} : { "X-API-Key": apiKey };
      // Browsers take no headers: they understand the object as the name of a subprotocol, an invalid one, and throw.
      const own = apiKey === undefined ? protocols : { protocols, headers };
      return adapt(Given ? new Given(url, protocols, { headers }) : new WebSocket(url, own), events);
    },
    openHttp: async (url, credentials, events) => {
      const { openHttpSocket } = await import("./http-socket.ts");
      return openHttpSocket(platform, url, credentials, events);
    },
    after: (ms, run) => {
      const timer = setTimeout(run, Math.min(ms, MAX_TIMER_MS));
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
    warn: (text) => {
      if (isDevelopment()) globals.console.warn(text);
    },
  };
  return platform;
}
