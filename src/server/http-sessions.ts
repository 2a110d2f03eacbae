import { randomBytes } from "node:crypto";
import type { ServerResponse } from "node:http";
import type { Hub } from "../core/hub.ts";
import { Refusal } from "../protocol/errors.ts";
import { encodeStreamEvent } from "../protocol/event-stream.ts";
import type { StreamSession } from "../protocol/messages.ts";
import type { Connection, Peer } from "./connection.ts";
import type { Connections } from "./connections.ts";
import type { Dispatcher } from "./dispatch.ts";
import { SESSION_FORMAT } from "./session-format.ts";
import type { Streams } from "./streams.ts";

/** An id is all that a request needs, so nobody may guess it. */
const ID_BYTES = 18;
/** The most bytes of a request's body, if one message may not have more anyway. */
const MAX_BODY_BYTES = 1024 * 1024;
/** The most requests of a body: a turn of the event loop carries them all out. */
const MAX_BODY_REQUESTS = 10_000;
/** The most bodies of a session that are under way at a time: each of them takes memory. */
const MAX_BODIES = 4;
const LINE_FEED = 10;
const CARRIAGE_RETURN = 13;

/** What sessions by HTTP work with. */
export interface HttpSessionPorts {
  readonly connections: Pick<Connections, "guard">;
  readonly dispatcher: Dispatcher;
  readonly hub: Pick<Hub, "counters" | "inputStart" | "inputEnd">;
  readonly streams: Streams;
}

/** Where a line of a body stands, without its end. */
interface Line {
  readonly start: number;
  readonly end: number;
}

interface HttpSession {
  readonly connection: Connection;
  /** How many bodies are being read. */
  bodyCount: number;
}

/** The lines of a body that have anything in them; of too many, one more than there may be. */
function linesOf(body: Buffer): Line[] {
  const lines: Line[] = [];
  for (let start = 0; start < body.length && lines.length <= MAX_BODY_REQUESTS; ) {
    const found = body.indexOf(LINE_FEED, start);
    const end = found < 0 ? body.length : found;
    const isBlank = end === start || (end === start + 1 && body[start] === CARRIAGE_RETURN);
    if (!isBlank) lines.push({ start, end });
    start = end + 1;
  }
  return lines;
}

/** Clients that have an event stream in place of a WebSocket, and bring their requests by HTTP. */
export class HttpSessions {
  readonly #maxMessageBytes: number;
  readonly #ports: HttpSessionPorts;
  /** As many as there may be connections. */
  readonly #byId = new Map<string, HttpSession>();

  /** @param maxMessageBytes the most bytes of one request (`-max-message-size`) */
  constructor(maxMessageBytes: number, ports: HttpSessionPorts) {
    this.#maxMessageBytes = maxMessageBytes;
    this.#ports = ports;
  }

  /** The most bytes of a body. */
  get maxBodyBytes(): number {
    return Math.max(MAX_BODY_BYTES, this.#maxMessageBytes);
  }

  /**
   * Opens a session whose messages are sent on a response.
   * @param outgoing the response; it must have its socket
   * @param headers what is to stand in its head besides
   */
  open(peer: Peer, outgoing: ServerResponse, headers: Record<string, string>): void {
    const id = randomBytes(ID_BYTES).toString("base64url");
    const stream = this.#ports.streams.open(outgoing, SESSION_FORMAT, peer, () => this.#byId.delete(id));
    this.#byId.set(id, { connection: stream.connection, bodyCount: 0 });
    const session: StreamSession = { type: "session", id };
    stream.begin(headers, encodeStreamEvent(JSON.stringify(session), "session", undefined));
  }

  /** Whether there is a session with this id. */
  has(id: string): boolean {
    return this.#byId.has(id);
  }

  /**
   * Reads a body and carries out its requests, one a line, in order; their replies come on the stream.
   * @param read reads the body, which must be well-formed UTF-8; what it throws is passed on
   * @returns why it does not: the session is gone, too many bodies are being read, a request is too large, or there are too
   *   many; then it carries out none
   */
  async receive(id: string, read: () => Promise<Buffer>): Promise<Refusal | undefined> {
    const session = this.#byId.get(id);
    if (session === undefined) return new Refusal("NOT_FOUND", "there is no such session");
    if (session.bodyCount >= MAX_BODIES) {
      return new Refusal("RATE_LIMITED", `${MAX_BODIES} request bodies of this session are still being received`);
    }
    session.bodyCount++;
    try {
      return this.#carryOut(session.connection, await read());
    } finally {
      session.bodyCount--;
    }
  }

  #carryOut(connection: Connection, body: Buffer): Refusal | undefined {
    if (!connection.session.isOpen) return new Refusal("NOT_FOUND", "the session is ending");
    connection.heard = true;
    const lines = linesOf(body);
    if (lines.length > MAX_BODY_REQUESTS) {
      return new Refusal("PAYLOAD_TOO_LARGE", `the body has more than ${MAX_BODY_REQUESTS} requests`);
    }
    if (lines.some(({ end, start }) => end - start > this.#maxMessageBytes)) {
      return new Refusal("PAYLOAD_TOO_LARGE", `a request is larger than ${this.#maxMessageBytes} bytes`);
    }
    const { connections, dispatcher, hub } = this.#ports;
    connections.guard(connection, () => {
      hub.inputStart();
      try {
        for (const { end, start } of lines) {
          connection.requestCount++;
          connection.usage.requests++;
          hub.counters.receivedBytes += end - start;
          // One that a request closes gets no more replies.
          if (connection.session.isOpen) dispatcher.dispatch(connection, body, start, end);
        }
      } finally {
        hub.inputEnd();
      }
    });
    return undefined;
  }
}
