import { EventStreamReader, type StreamEvent } from "./event-stream-reader.ts";
import {
  brokenBy,
  diagnose,
  diagnoseNothing,
  type Ending,
  errorIn,
  type Fetch,
  httpUrl,
  membersOf,
  noRingcast,
} from "./http-diagnosis.ts";
import type { Credentials, Platform, Socket, SocketEvents } from "./platform.ts";

// This module is loaded only where WebSockets fail. It says why, or else replaces them: the messages that the server would
// send on a WebSocket come as server-sent events, and those of the client go up as POST requests (docs/protocol.md,
// "Without a WebSocket").

/** The close code for a request that is larger than the server takes (RFC 6455, section 7.4.1). */
const MESSAGE_TOO_LARGE = 1009;
/** The most characters of requests that go up in one POST, where it is not a single request, and the most requests. */
const MAX_BODY_CHARS = 256 * 1024;
const MAX_BODY_REQUESTS = 1000;
/** How many requests may wait to go up. */
const MAX_QUEUED = 100_000;
/** How long a POST may take: the stream may live while requests get nowhere. */
const POST_TIMEOUT_MS = 30_000;
/** How long the stream may still tell why the session has ended, when a request has found it gone. */
const END_MS = 1000;

/** After how long a WebSocket is tried again; the pause doubles each time. */
const MIN_PROBE_MS = 30_000;
const MAX_PROBE_MS = 600_000;
/** How long it may take to answer. */
const PROBE_TIMEOUT_MS = 10_000;

/** A link by an event stream and POST requests. */
class HttpSocket implements Socket {
  readonly #platform: Platform;
  readonly #url: string;
  readonly #credentials: Credentials;
  readonly #events: SocketEvents;
  readonly #abort = new AbortController();
  /** Where requests go; undefined until the server has said. */
  #postUrl: string | undefined;
  #queue: string[] = [];
  #isPosting = false;
  #isOver = false;
  /** The WebSocket that is tried. */
  #probe: Socket | undefined;
  #probeMs = MIN_PROBE_MS;
  #cancelProbe = () => {};
  #cancelEnd = () => {};
  #cancelPost = () => {};
  /** Runs once no POST is under way; while it is there, no other POST starts. */
  #whenPosted: (() => void) | undefined;

  constructor(platform: Platform, url: string, credentials: Credentials, events: SocketEvents) {
    this.#platform = platform;
    this.#url = url;
    this.#credentials = credentials;
    this.#events = events;
  }

  /** Follows the stream until it ends. */
  async run(): Promise<void> {
    try {
      this.#end(await this.#follow());
    } catch (error) {
      this.#end(brokenBy(`the event stream broke: ${error}`));
    }
  }

  send(text: string): void {
    if (this.#isOver) return;
    // Line breaks separate requests. In JSON, they stand only where a space may stand, too.
    if (this.#queue.push(text.replace(/[\r\n]/g, " ")) > MAX_QUEUED) this.#end(brokenBy("too many queued requests"));
    else this.#post();
  }

  close(done: () => void): void {
    this.drop();
    done();
  }

  drop(): void {
    this.#isOver = true;
    this.#queue = [];
    this.#abort.abort();
    this.#cancelProbe();
    this.#cancelEnd();
    this.#cancelPost();
    this.#whenPosted = undefined;
    this.#probe?.drop();
  }

  #end({ code, problem, reason }: Ending): void {
    if (this.#isOver) return;
    this.drop();
    this.#events.closed(code, reason, problem);
  }

  async #follow(): Promise<Ending> {
    let response: Response;
    try {
      response = await this.#fetch(httpUrl(this.#url, "/session"));
    } catch (error) {
      return diagnoseNothing(this.#url, error, this.#fetch);
    }
    const isStream = response.headers.get("Content-Type")?.startsWith("text/event-stream") === true;
    if (!response.ok || !isStream || response.body === null) return diagnose(this.#url, response, this.#fetch);
    const reader = response.body.getReader();
    const events = new EventStreamReader();
    for (let part = await reader.read(); !part.done; part = await reader.read()) {
      for (const event of events.read(part.value)) {
        const ending = this.#take(event, response);
        if (ending !== undefined) return ending;
      }
    }
    return this.#postUrl === undefined ? noRingcast(this.#url, response) : brokenBy("the event stream ended");
  }

  /** Makes a request with the client's credentials. A redirect would take them elsewhere. */
  readonly #fetch: Fetch = (url, init) => {
    const { apiKey, token } = this.#credentials;
    const secret = apiKey ?? token;
    const headers = secret === undefined ? {} : { Authorization: `Bearer ${secret}` };
    return fetch(url, { headers, cache: "no-store", redirect: "manual", signal: this.#abort.signal, ...init });
  };

  /** Takes an event; returns how the link ended, if it has. */
  #take({ data, name }: StreamEvent, response: Response): Ending | undefined {
    if (this.#isOver) return brokenBy("dropped");
    const { code, id, reason } = name === "message" ? {} : membersOf(data);
    if (this.#postUrl === undefined) {
      // The id becomes a part of a path.
      if (name !== "session" || typeof id !== "string" || !/^[\w-]+$/.test(id)) return noRingcast(this.#url, response);
      this.#postUrl = httpUrl(this.#url, `/session/${id}`);
      this.#events.opened();
      this.#startProbe();
    } else if (name === "message") {
      this.#events.received(data);
    } else if (name === "close") {
      return typeof code === "number" ? { code, reason: String(reason) } : brokenBy("the event stream ended");
    }
    return undefined;
  }

  /** Tries a WebSocket after a pause. */
  #startProbe(): void {
    this.#cancelProbe = this.#platform.after(this.#probeMs, () => this.#tryWebSocket());
    this.#probeMs = Math.min(MAX_PROBE_MS, this.#probeMs * 2);
  }

  #tryWebSocket(): void {
    let hasReplaced = false;
    const failed = () => {
      this.#probe?.drop();
      this.#probe = undefined;
      this.#cancelProbe();
      this.#startProbe();
      this.#whenPosted = undefined;
      this.#post();
    };
    const replace = () => {
      // It must outlive this socket.
      this.#probe = undefined;
      hasReplaced = this.#events.replaced(socket);
      if (hasReplaced) return;
      this.#probe = socket;
      failed();
    };
    // A proxy may accept it, and let nothing through.
    this.#cancelProbe = this.#platform.after(PROBE_TIMEOUT_MS, failed);
    let socket: Socket;
    try {
      socket = this.#platform.open(this.#url, this.#credentials, {
        ...this.#events,
        opened: () => socket.send('{"type":"ping"}'),
        received: (text) => {
          if (hasReplaced) return this.#events.received(text);
          if (membersOf(text)["type"] !== "pong") return failed();
          // What a POST carries must not arrive after what is sent on the WebSocket.
          if (this.#isPosting) this.#whenPosted = replace;
          else replace();
        },
        closed: (code, reason) => {
          if (hasReplaced) this.#events.closed(code, reason);
          else failed();
        },
      });
      this.#probe = socket;
    } catch {
      failed();
    }
  }

  /** Sends what is queued, with one POST at a time, so that requests stay in order. */
  async #post(): Promise<void> {
    if (this.#isPosting || this.#postUrl === undefined) return;
    this.#isPosting = true;
    // What the application sends in the same turn goes up together.
    await Promise.resolve();
    try {
      while (this.#queue.length > 0 && this.#whenPosted === undefined) {
        // A plain text needs no preflight request in a page of another origin. The path is the credential.
        const body = this.#nextBody();
        this.#cancelPost = this.#platform.after(POST_TIMEOUT_MS, () =>
          this.#end(brokenBy(`no response to a request within ${POST_TIMEOUT_MS / 1000} s`)),
        );
        const response = await this.#fetch(this.#postUrl, { method: "POST", body, headers: {} });
        this.#cancelPost();
        if (!response.ok) {
          this.#end(await this.#requestRefused(response));
          return;
        }
      }
    } catch (error) {
      this.#end(brokenBy(`a request failed: ${error}`));
    }
    this.#isPosting = false;
    this.#whenPosted?.();
  }

  async #requestRefused(response: Response): Promise<Ending> {
    const error = await errorIn(response);
    const { code, reason } = brokenBy(`a request failed: ${error?.message ?? `HTTP ${response.status}`}`);
    // The stream is about to end, and says why.
    if (error?.code === "NOT_FOUND") {
      await new Promise<void>((resolve) => {
        this.#cancelEnd = this.#platform.after(END_MS, resolve);
      });
    }
    return { code: error?.code === "PAYLOAD_TOO_LARGE" ? MESSAGE_TOO_LARGE : code, reason };
  }

  #nextBody(): string {
    let count = 1;
    let chars = this.#queue[0]?.length ?? 0;
    for (const { length } of this.#queue.slice(1, MAX_BODY_REQUESTS)) {
      chars += length + 1;
      if (chars > MAX_BODY_CHARS) break;
      count++;
    }
    return this.#queue.splice(0, count).join("\n");
  }
}

/**
 * Opens a link by an event stream and POST requests, in place of a WebSocket, and tries a WebSocket again later.
 * @param url of the WebSocket
 */
export function openHttpSocket(
  platform: Platform,
  url: string,
  credentials: Credentials,
  events: SocketEvents,
): Socket {
  const socket = new HttpSocket(platform, url, credentials, events);
  void socket.run();
  return socket;
}
