import { type IncomingMessage, type OutgoingHttpHeaders, type ServerResponse, STATUS_CODES } from "node:http";
import type { Duplex } from "node:stream";

/** What is handed to the socket at a time: so fine does a slow client's progress show. */
const PIECE_BYTES = 64 * 1024;
/** How long a connection stays open for the rest of a body that nobody reads, so that the client gets its answer. */
const LINGER_MS = 2000;

/** A whole answer. */
export interface Answer {
  readonly status: number;
  /** Without Content-Length, unless the body is left out: to HEAD. */
  readonly headers: OutgoingHttpHeaders;
  readonly body: string | Uint8Array;
}

/** An answer as Hono passes it on. */
export function toResponse({ body, headers, status }: Answer): Response {
  const plain = Object.entries(headers).map(([name, value]): [string, string] => [name, String(value)]);
  return new Response(body, { status, headers: plain });
}

/** Waits for an event of a response; resolves also when the connection is gone. */
function event(outgoing: ServerResponse, name: "drain" | "finish"): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      outgoing.off(name, done);
      outgoing.off("close", done);
      resolve();
    };
    outgoing.on(name, done);
    outgoing.on("close", done);
  });
}

/** Closes the connection unless the client takes something within a time. */
async function taken(outgoing: ServerResponse, name: "drain" | "finish", timeoutMs: number): Promise<void> {
  const timer = setTimeout(() => outgoing.destroy(), timeoutMs);
  await event(outgoing, name);
  clearTimeout(timer);
}

/** Resolves when the rest of a request's body has come, or has had its time to. */
function restOf(incoming: IncomingMessage): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, LINGER_MS);
    const done = () => {
      clearTimeout(timer);
      resolve();
    };
    incoming.on("end", done).on("close", done).on("error", done);
    incoming.resume();
  });
}

async function sendPieces(outgoing: ServerResponse, body: Uint8Array, timeoutMs: number): Promise<void> {
  for (let at = 0; at < body.length && !outgoing.destroyed; at += PIECE_BYTES) {
    if (!outgoing.write(body.subarray(at, at + PIECE_BYTES))) await taken(outgoing, "drain", timeoutMs);
  }
}

async function sendSlowly(incoming: IncomingMessage, outgoing: ServerResponse, body: Uint8Array, timeoutMs: number) {
  await sendPieces(outgoing, body, timeoutMs);
  // Closed with bytes that nobody read, the connection would be reset, and the answer lost.
  if (!incoming.complete) await restOf(incoming);
  outgoing.end();
  if (unsentBytes(outgoing) > 0) await taken(outgoing, "finish", timeoutMs);
}

function unsentBytes({ socket }: ServerResponse): number {
  return socket?.writableLength ?? 0;
}

/**
 * Sends an answer. A client that stops reading it for a time is disconnected. To HEAD only its headers are sent.
 * @param timeoutMs that time (`-write-timeout`)
 * @returns a promise of the end; undefined where the system has taken all of it at once
 */
export function sendAnswer(
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  { body, headers, status }: Answer,
  timeoutMs: number,
): Promise<void> | undefined {
  const hasLength = status !== 204 && status !== 304;
  const length = typeof body === "string" ? Buffer.byteLength(body) : body.length;
  const sent = incoming.method === "HEAD" ? "" : body;
  if (!incoming.complete) {
    // The connection is of no further use while the rest of a body is still on its way.
    outgoing.writeHead(status, { "content-length": length, ...headers, connection: "close" });
    return sendSlowly(incoming, outgoing, Buffer.from(sent), timeoutMs);
  }
  outgoing.writeHead(status, hasLength ? { "content-length": length, ...headers } : headers);
  if (sent.length > PIECE_BYTES) return sendSlowly(incoming, outgoing, Buffer.from(sent), timeoutMs);
  outgoing.end(sent);
  return unsentBytes(outgoing) > 0 ? taken(outgoing, "finish", timeoutMs) : undefined;
}

/** Answers on a socket that HTTP has left already, and closes it. */
export function answerOnSocket(socket: Duplex, { body, headers, status }: Answer): void {
  const bytes = Buffer.from(body);
  const lines = Object.entries({ ...headers, "Content-Length": bytes.length, Connection: "close" });
  const head = lines.map(([name, value]) => `${name}: ${value}\r\n`).join("");
  socket.on("error", () => socket.destroy());
  socket.end(Buffer.concat([Buffer.from(`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ""}\r\n${head}\r\n`), bytes]));
  // Read on until the client closes, too: a reset would take the answer from it.
  const timer = setTimeout(() => socket.destroy(), LINGER_MS);
  socket.on("close", () => clearTimeout(timer)).on("end", () => socket.destroy());
  socket.resume();
}
