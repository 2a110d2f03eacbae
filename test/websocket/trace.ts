import { once } from "node:events";
import { IncomingMessage } from "node:http";
import { Socket } from "node:net";
import { Writable } from "node:stream";
import { setImmediate as nextTurn } from "node:timers/promises";
import { type WebSocket, WebSocketServer } from "ws";
import { WebSocketConnection } from "../../src/websocket/web-socket.ts";
import { serverFrames } from "./client-frame.ts";
import { MemorySocket } from "./memory-socket.ts";
import type { Sequence } from "./sequence.ts";

/** What a server made of a sequence. */
export interface Trace {
  /** What it handed over: messages with their bytes, pings and pongs. */
  readonly events: readonly string[];
  /** What it sent: pongs with their payload, and the code of the close frame. */
  readonly answers: readonly string[];
  /** The close code that it reports. */
  readonly code: number;
  /** Why it failed the connection; empty where it did not. */
  readonly reason: string;
}

const OFFER = "permessage-deflate; server_no_context_takeover; client_no_context_takeover";

/** Feeds a sequence to this project's WebSocket layer, followed by the end of the input. */
export async function traceOwn(sequence: Sequence): Promise<Trace> {
  const socket = new MemorySocket();
  const events: string[] = [];
  let outcome: { code: number; reason: string } | undefined;
  let closedCalls = 0;
  const record = (kind: string) => (bytes: Buffer, start: number, end: number) => {
    events.push(message(kind, bytes.subarray(start, end)));
  };
  new WebSocketConnection(socket, Buffer.alloc(0), sequence, {
    text: record("text"),
    binary: record("binary"),
    fragment() {},
    ping: () => events.push("ping"),
    pong: () => events.push("pong"),
    inputEnd() {},
    drained() {},
    closed(code, reason) {
      outcome = { code, reason };
      closedCalls++;
    },
    failed(error) {
      throw error;
    },
  });
  const released = once(socket, "close");
  await nextTurn();
  for (const chunk of sequence.chunks) socket.push(Buffer.from(chunk));
  await nextTurn();
  socket.push(null);
  await released;
  if (outcome === undefined || closedCalls !== 1) throw new Error(`closed was called ${closedCalls} times`);
  const answers = answersOf(socket.output);
  return { events, answers, code: outcome.code, reason: outcome.reason };
}

/** Feeds a sequence to the `ws` package, followed by the end of the input. */
export async function traceReference(sequence: Sequence): Promise<Trace> {
  const socket = new MemorySocket();
  const events: string[] = [];
  let error: Error | undefined;
  const connection = await acceptReference(socket, sequence);
  const head = socket.output.length;
  connection.on("message", (data, isBinary) => {
    if (!Buffer.isBuffer(data)) throw new Error("a message is not a Buffer");
    events.push(message(isBinary ? "binary" : "text", data));
  });
  connection.on("ping", () => events.push("ping"));
  connection.on("pong", () => events.push("pong"));
  connection.on("error", (reported) => {
    error = reported;
  });
  const closed = new Promise<number>((resolve) => connection.on("close", resolve));
  const receiver: unknown = Reflect.get(connection, "_receiver");
  if (!(receiver instanceof Writable)) throw new Error("ws has no receiver");
  await nextTurn();
  for (const chunk of sequence.chunks) {
    socket.push(Buffer.from(chunk));
    // It inflates in other threads. After an error, ws 8.23 continues with chunks that waited meanwhile, and crashes.
    while (receiver.writableLength > 0 && !receiver.destroyed) await nextTurn();
  }
  await nextTurn();
  socket.push(null);
  const code = await closed;
  const answers = answersOf(socket.output.subarray(head));
  const sent = /^close (\d+)/.exec(answers.at(-1) ?? "")?.[1];
  // After an error, ws reports 1006 and sends the real code.
  return {
    events,
    answers,
    code: error !== undefined && sent !== undefined ? Number(sent) : code,
    reason: error?.message ?? "",
  };
}

function acceptReference(socket: MemorySocket, sequence: Sequence): Promise<WebSocket> {
  const server = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    maxPayload: sequence.maxMessageBytes,
    maxFragments: 0,
    maxBufferedChunks: 0,
    perMessageDeflate: sequence.deflate && { serverNoContextTakeover: true, clientNoContextTakeover: true },
  });
  const request = new IncomingMessage(new Socket());
  request.method = "GET";
  request.headers = {
    upgrade: "websocket",
    connection: "Upgrade",
    "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==",
    "sec-websocket-version": "13",
    ...(sequence.deflate ? { "sec-websocket-extensions": OFFER } : {}),
  };
  return new Promise((resolve) => server.handleUpgrade(request, socket, Buffer.alloc(0), resolve));
}

function message(kind: string, bytes: Buffer): string {
  return `${kind} ${bytes.toString("latin1")}`;
}

function answersOf(output: Buffer): string[] {
  return serverFrames(output).map(({ opcode, payload }) => {
    if (opcode === 10) return `pong ${payload.toString("hex")}`;
    if (opcode === 8) return `close ${payload.length === 0 ? "" : payload.readUInt16BE(0)}`;
    return `unexpected ${opcode}`;
  });
}
