import { connect, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { deferred } from "../../src/client/deferred.ts";
import { type ServerMessage, serverMessageSchema } from "../../src/protocol/messages.ts";
import { encodeFrame, type Frame, type FrameOptions, FrameParser, OPCODE } from "./frames.ts";
import { DEFAULT_DEADLINE_MS, Mailbox, within } from "./mailbox.ts";

/** The server answered an upgrade with something else than 101. */
export class UpgradeRefused extends Error {
  readonly status: number;
  readonly response: string;

  constructor(status: number, response: string) {
    super(`the upgrade was answered with ${status}`);
    this.status = status;
    this.response = response;
  }
}

export interface ConnectOptions {
  /** Where the server is; loopback unless given. */
  readonly host?: string;
  readonly headers?: Record<string, string>;
  readonly path?: string;
  /** Speaks TLS, and trusts this certificate (PEM) alone. */
  readonly ca?: string;
  /** Whether pings are answered; default true. */
  readonly answersPings?: boolean;
}

export interface Closing {
  /** The close frame's code; 1006 where none came. */
  readonly code: number;
  readonly reason: string;
}

type Message<T extends ServerMessage["type"]> = Extract<ServerMessage, { type: T }>;

/** A WebSocket client over a raw socket: it can send any bytes, and stop reading. */
export class TestClient implements Disposable {
  readonly closed: Promise<Closing>;
  /** The headers of the server's answer to the upgrade. */
  readonly responseHead: string;
  /** Frames other than text messages that came: pings, pongs, closes. */
  readonly controlFrames: Frame[] = [];
  readonly #socket: Socket;
  readonly #texts = new Mailbox<string>();
  readonly #parser = new FrameParser();
  readonly #answersPings: boolean;
  #closing: Closing = { code: 1006, reason: "" };

  private constructor(socket: Socket, responseHead: string, rest: Buffer, answersPings: boolean) {
    this.#socket = socket;
    this.responseHead = responseHead;
    this.#answersPings = answersPings;
    const closed = deferred<Closing>();
    this.closed = closed.promise;
    socket.on("data", (chunk: Buffer) => this.#receive(chunk));
    socket.on("close", () => {
      this.#texts.fail(new Error(`the connection was closed (${this.#closing.code} ${this.#closing.reason})`));
      closed.resolve(this.#closing);
    });
    if (rest.length > 0) this.#receive(rest);
  }

  /** Opens a WebSocket. Rejects with `UpgradeRefused` if the server does not agree. */
  static async connect(port: number, options: ConnectOptions = {}): Promise<TestClient> {
    const { answersPings = true, ca, headers = {}, host = "127.0.0.1", path = "/ws" } = options;
    const address = { host, port, noDelay: true };
    const socket = ca === undefined ? connect(address) : connectTls({ ...address, ca });
    // What goes wrong later shows as `closed`.
    socket.on("error", () => {});
    const lines = Object.entries({
      Host: `127.0.0.1:${port}`,
      Upgrade: "websocket",
      Connection: "Upgrade",
      "Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA==",
      "Sec-WebSocket-Version": "13",
      ...headers,
    }).map(([name, value]) => `${name}: ${value}\r\n`);
    socket.write(`GET ${path} HTTP/1.1\r\n${lines.join("")}\r\n`);
    const { head, rest } = await within(readHead(socket), "the answer to the upgrade");
    const status = Number(head.split(" ")[1]);
    if (status === 101) return new TestClient(socket, head, rest, answersPings);
    socket.destroy();
    throw new UpgradeRefused(status, head + rest.toString());
  }

  /** How many pings have come. */
  get pings(): number {
    return this.controlFrames.filter(({ opcode }) => opcode === OPCODE.PING).length;
  }

  /** How many messages have come that no test has looked at. */
  get waiting(): number {
    return this.#texts.size;
  }

  /** Takes all messages that have come and that no test has looked at. */
  takeAll(): string[] {
    return this.#texts.takeAll();
  }

  /** Sends a message: an object as JSON, a text as it is. */
  send(message: object | string): void {
    const payload = typeof message === "string" ? message : JSON.stringify(message);
    this.sendFrame({ opcode: OPCODE.TEXT, payload });
  }

  sendFrame(frame: FrameOptions): void {
    this.sendBytes(encodeFrame(frame));
  }

  sendBytes(bytes: Uint8Array): void {
    this.#socket.write(bytes);
  }

  /** The next message as text. */
  nextText(deadlineMs = DEFAULT_DEADLINE_MS): Promise<string> {
    return this.#texts.next(deadlineMs);
  }

  /** The next message, held to the schema of what the server may send. */
  async next(deadlineMs = DEFAULT_DEADLINE_MS): Promise<ServerMessage> {
    return serverMessageSchema.parse(JSON.parse(await this.nextText(deadlineMs)));
  }

  /** The next message, which must be of this type. */
  async expect<T extends ServerMessage["type"]>(type: T, deadlineMs = DEFAULT_DEADLINE_MS): Promise<Message<T>> {
    const message = await this.next(deadlineMs);
    if (isOfType(message, type)) return message;
    throw new Error(`expected ${type}, got ${JSON.stringify(message)}`);
  }

  subscribe(topic: string, extra: object = {}): Promise<Message<"ack">> {
    this.send({ type: "subscribe", topic, client_id: "c1", ...extra });
    return this.expect("ack");
  }

  publish(topic: string, id: string, payload: unknown, extra: object = {}): void {
    this.send({ type: "publish", topic, message: { id, payload }, ...extra });
  }

  /** Publishes and awaits the ack; only where no event can come in between. */
  published(topic: string, id: string, payload: unknown): Promise<Message<"ack">> {
    this.publish(topic, id, payload);
    return this.expect("ack");
  }

  /** Answers when the server has handled all that was sent before; what came until then is still to be read. */
  async settled(): Promise<ServerMessage[]> {
    const messages: ServerMessage[] = [];
    const request_id = crypto.randomUUID();
    this.send({ type: "ping", request_id });
    for (;;) {
      const message = await this.next();
      if (message.type === "pong" && message.request_id === request_id) return messages;
      messages.push(message);
    }
  }

  /** Stops reading: the server's messages fill the buffers between the two. */
  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  /** Closes as a well-behaved client does. */
  async close(): Promise<Closing> {
    this.sendFrame({ opcode: OPCODE.CLOSE, payload: Buffer.from([3, 232]) });
    return within(this.closed, "the close");
  }

  /** Drops the connection without a word. */
  [Symbol.dispose](): void {
    this.#socket.destroy();
  }

  #receive(chunk: Buffer): void {
    for (const frame of this.#parser.push(chunk)) {
      if (frame.opcode === OPCODE.TEXT) {
        this.#texts.put(frame.payload.toString());
        continue;
      }
      this.controlFrames.push(frame);
      if (frame.opcode === OPCODE.PING && this.#answersPings) {
        this.sendFrame({ opcode: OPCODE.PONG, payload: frame.payload });
      }
      if (frame.opcode === OPCODE.CLOSE) {
        const code = frame.payload.length >= 2 ? frame.payload.readUInt16BE(0) : 1005;
        this.#closing = { code, reason: frame.payload.subarray(2).toString() };
        this.#socket.end(encodeFrame({ opcode: OPCODE.CLOSE, payload: frame.payload.subarray(0, 2) }));
      }
    }
  }
}

function isOfType<T extends ServerMessage["type"]>(message: ServerMessage, type: T): message is Message<T> {
  return message.type === type;
}

/** Reads up to the end of the HTTP headers of an answer. */
export function readHead(socket: Socket): Promise<{ head: string; rest: Buffer }> {
  const { promise, reject, resolve } = deferred<{ head: string; rest: Buffer }>();
  let bytes: Buffer = Buffer.alloc(0);
  const finish = (end: number) => {
    socket.off("data", onData);
    socket.off("close", onClose);
    resolve({ head: bytes.subarray(0, end).toString("latin1"), rest: bytes.subarray(end) });
  };
  const onData = (chunk: Buffer) => {
    bytes = Buffer.concat([bytes, chunk]);
    const end = bytes.indexOf("\r\n\r\n");
    if (end >= 0) finish(end + 4);
  };
  const onClose = () => reject(new Error("the server closed the connection"));
  socket.on("data", onData);
  socket.on("close", onClose);
  return promise;
}
