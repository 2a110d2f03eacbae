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
  /** Runs a function whenever the machine is online again, where anything tells; returns what ends that. */
  whenOnline(run: () => void): () => void;
  /** From 0 to below 1. */
  random(): number;
}

/** The runtime's own. Only browsers do without the second form of the options. */
declare const WebSocket: new (
  url: string,
  options: string[] | { readonly protocols: string[]; readonly headers: Record<string, string> },
) => WebSocket & { terminate?(): void };

function open(url: string, { apiKey, token }: Credentials, events: SocketEvents): Socket {
  const protocols = ["ringcast.v1"];
  if (token !== undefined) protocols.push(`token.${token}`);
  // Browsers take no headers: they understand the object as the name of a subprotocol, a bad one, and throw.
  const socket =
    apiKey === undefined
      ? new WebSocket(url, protocols)
      : new WebSocket(url, { protocols, headers: { "X-API-Key": apiKey } });
  let problem = "";
  socket.onopen = () => events.opened();
  socket.onmessage = ({ data }) => events.received(String(data));
  socket.onerror = (event) => {
    // Some runtimes say here what was wrong with the handshake.
    if ("message" in event) problem = String(event.message);
  };
  socket.onclose = ({ code, reason }) => events.closed(code, reason || problem);
  const end = (done: (() => void) | null) => {
    socket.onopen = socket.onmessage = socket.onerror = null;
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

/** The runtime that this runs in: a browser, Node.js, Bun or Deno. */
export const PLATFORM: Platform = {
  open,
  after: (ms, run) => {
    const timer = setTimeout(run, ms);
    return () => clearTimeout(timer);
  },
  whenOnline: (run) => {
    // Node.js has neither this event nor this function.
    globalThis.addEventListener?.("online", run);
    return () => globalThis.removeEventListener?.("online", run);
  },
  random: Math.random,
};
