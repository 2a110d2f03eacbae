import type { RingcastError } from "./errors.ts";
import { EventStreamReader, type StreamEvent } from "./event-stream-reader.ts";
import type { Credentials, Platform, Socket, SocketEvents } from "./platform.ts";

// This module is loaded only where WebSockets fail. It says why, or else replaces them: the messages that the server would
// send on a WebSocket come as server-sent events, and those of the client go up as POST requests (docs/protocol.md,
// "Without WebSockets").

const ABNORMAL = 1006;
/** The close code by which a WebSocket would be refused for an error code. */
const CLOSE_CODES: Readonly<Record<string, number>> = {
  UNAUTHORIZED: 4401,
  FORBIDDEN: 4403,
  RATE_LIMITED: 1013,
  UNAVAILABLE: 1013,
};
/** The most characters of requests that go up in one POST, where it is not a single request, and the most requests. */
const MAX_BODY_CHARS = 256 * 1024;
const MAX_BODY_REQUESTS = 1000;
/** How many requests may wait to go up. */
const MAX_QUEUED = 100_000;

/** After how long a WebSocket is tried again; the pause doubles each time. */
const MIN_PROBE_MS = 30_000;
const MAX_PROBE_MS = 600_000;

/** Why a link ended or could not be opened. */
interface Ending {
  readonly code: number;
  readonly reason: string;
  /** What the reason is about. */
  readonly problem?: RingcastError["code"];
}

function brokenBy(reason: string): Ending {
  return { code: ABNORMAL, reason };
}

function failedBy(problem: RingcastError["code"], reason: string): Ending {
  return { code: ABNORMAL, reason, problem };
}

/** The HTTP form of a WebSocket URL, without its query, as developers are shown it. */
function shown(url: string): string {
  return url.replace(/\?.*/, "");
}

function httpUrl(url: string, path: string): string {
  const { href, search } = new URL(url.replace(/^ws/, "http"));
  return `${href.slice(0, href.length - search.length)}${path}${search}`;
}

/** A JSON object's members; none if the text is no JSON object. */
function membersOf(json: string): Readonly<Record<string, unknown>> {
  try {
    return Object(JSON.parse(json));
  } catch {
    return {};
  }
}

/** The error in the body of a response of Ringcast; undefined if it is no response of Ringcast. */
async function errorIn(response: Response): Promise<{ code: string; message: string } | undefined> {
  const error = membersOf(await response.text())["error"];
  const { code, message }: Readonly<Record<string, unknown>> = Object(error);
  return typeof code === "string" && typeof message === "string" ? { code, message } : undefined;
}

/** Whether anything answers at a URL that this page may not read. In a page of the same origin, it may read everything. */
async function answersUnread(url: string): Promise<boolean> {
  try {
    await fetch(url, { mode: "no-cors", credentials: "omit" });
    return true;
  } catch {
    return false;
  }
}

/** Says what is wrong where a session could not be fetched at all. */
async function diagnoseNothing(url: string): Promise<Ending> {
  if (!(await answersUnread(httpUrl(url, "")))) return failedBy("UNREACHABLE", `nothing answers at ${shown(url)}`);
  return failedBy(
    "NOT_RINGCAST",
    `WebSockets to ${shown(url)} fail, and this page may not read what answers there: it is no Ringcast server, or one ` +
      "without -enable-cors, or one whose -allowed-origins lacks this page's origin",
  );
}

/** Says what is wrong where the answer to the request for a session is not one. */
async function diagnose(url: string, response: Response): Promise<Ending> {
  const refusal = await errorIn(response);
  const what = `what answers at ${shown(url)} is no Ringcast server (HTTP ${response.status})`;
  if (refusal === undefined) return failedBy("NOT_RINGCAST", what);
  const { code, message } = refusal;
  if (code === "NOT_FOUND") {
    const plain = await fetch(httpUrl(url, ""));
    if ((await errorIn(plain))?.code === "UPGRADE_REQUIRED") {
      return failedBy("UNREACHABLE", `WebSockets to ${shown(url)} fail, and its server is too old to do without them`);
    }
    return failedBy("NOT_RINGCAST", `the Ringcast server of ${shown(url)} has no WebSocket at this path; it is at /ws`);
  }
  const closeCode = CLOSE_CODES[code];
  if (closeCode === undefined) return brokenBy(message);
  const retrySeconds = Number(response.headers.get("Retry-After") ?? Number.NaN);
  const hint = retrySeconds >= 0 && !message.includes("retry after") ? `; retry after ${retrySeconds * 1000} ms` : "";
  return { code: closeCode, reason: `${message}${hint}` };
}

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
    if (this.#queue.push(text) > MAX_QUEUED) this.#end(brokenBy("too many requests wait for the server"));
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
    this.#probe?.drop();
  }

  #end({ code, problem, reason }: Ending): void {
    if (this.#isOver) return;
    this.drop();
    this.#events.closed(code, reason, problem);
  }

  async #follow(): Promise<Ending> {
    const response = await this.#request();
    if (response === undefined) return diagnoseNothing(this.#url);
    const isStream = response.headers.get("Content-Type")?.startsWith("text/event-stream") === true;
    if (!response.ok || !isStream || response.body === null) return diagnose(this.#url, response);
    const reader = response.body.getReader();
    const events = new EventStreamReader();
    for (let part = await reader.read(); !part.done; part = await reader.read()) {
      for (const event of events.read(part.value)) {
        const ending = this.#take(event);
        if (ending !== undefined) return ending;
      }
    }
    return brokenBy("the event stream ended");
  }

  /** Asks for a session; undefined where there was no response. */
  async #request(): Promise<Response | undefined> {
    const { apiKey, token } = this.#credentials;
    const secret = apiKey ?? token;
    const headers = secret === undefined ? {} : { Authorization: `Bearer ${secret}` };
    try {
      return await fetch(httpUrl(this.#url, "/session"), { headers, cache: "no-store", signal: this.#abort.signal });
    } catch {
      return undefined;
    }
  }

  /** Takes an event; returns how the link ended, if it has. */
  #take({ data, name }: StreamEvent): Ending | undefined {
    if (this.#isOver) return brokenBy("dropped");
    if (name === "message") {
      this.#events.received(data);
      return undefined;
    }
    if (name !== "session" && name !== "close") return undefined;
    const { code, id, reason } = membersOf(data);
    if (name === "close") return { code: Number(code), reason: String(reason) };
    this.#postUrl = httpUrl(this.#url, `/session/${encodeURIComponent(String(id))}`);
    this.#events.opened();
    this.#startProbe();
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
      this.#startProbe();
    };
    const socket = this.#platform.open(this.#url, this.#credentials, {
      ...this.#events,
      opened: () => socket.send('{"type":"ping"}'),
      received: (text) => {
        if (hasReplaced) return this.#events.received(text);
        if (membersOf(text)["type"] !== "pong") return failed();
        this.#probe = undefined;
        hasReplaced = this.#events.replaced(socket);
        if (hasReplaced) return;
        socket.drop();
        this.#startProbe();
      },
      closed: (code, reason) => {
        if (hasReplaced) this.#events.closed(code, reason);
        else failed();
      },
    });
    this.#probe = socket;
  }

  /** Sends what is queued, with one POST at a time, so that requests stay in order. */
  async #post(): Promise<void> {
    if (this.#isPosting || this.#postUrl === undefined) return;
    this.#isPosting = true;
    // What the application sends in the same turn goes up together.
    await Promise.resolve();
    try {
      while (this.#queue.length > 0) {
        // A plain text needs no preflight request in a page of another origin.
        const body = this.#nextBody();
        const response = await fetch(this.#postUrl, { method: "POST", body, signal: this.#abort.signal });
        if (!response.ok) throw new Error((await errorIn(response))?.message ?? `HTTP ${response.status}`);
      }
    } catch (error) {
      this.#end(brokenBy(`a request failed: ${error}`));
    }
    this.#isPosting = false;
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
