import { connect, type Socket } from "node:net";
import { deferred } from "../../src/client/deferred.ts";
import { streamCloseSchema } from "../../src/protocol/messages.ts";
import { type Closing, readHead } from "./client.ts";
import { Mailbox, within } from "./mailbox.ts";

/** One event as it came. */
export interface StreamEvent {
  readonly id: string | undefined;
  readonly name: string | undefined;
  readonly data: string;
}

/** The server answered with something else than a stream. */
export class StreamRefused extends Error {
  readonly status: number;
  /** The answer's head, and as much of its body as came with it. */
  readonly response: string;

  constructor(status: number, response: string) {
    super(`the request for a stream was answered with ${status}`);
    this.status = status;
    this.response = response;
  }
}

export interface StreamOptions {
  readonly headers?: Record<string, string>;
  /** Where the server is; loopback unless given. */
  readonly host?: string;
}

/** A client of an event stream over a raw socket: it sees what an EventSource hides, and can stop reading. */
export class StreamClient implements Disposable {
  readonly closed: Promise<Closing>;
  /** The headers of the answer. */
  readonly responseHead: string;
  /** All events so far, with their names and ids. */
  readonly events: StreamEvent[] = [];
  /** How many of the comments came that keep a stream alive. */
  pings = 0;
  readonly #socket: Socket;
  readonly #texts = new Mailbox<string>();
  #text = "";
  readonly #decoder = new TextDecoder();
  #closing: Closing = { code: 1006, reason: "" };

  private constructor(socket: Socket, responseHead: string, rest: Buffer) {
    this.#socket = socket;
    this.responseHead = responseHead;
    const closed = deferred<Closing>();
    this.closed = closed.promise;
    socket.on("data", (chunk: Buffer) => this.#receive(chunk));
    socket.on("close", () => {
      this.#texts.fail(new Error(`the stream ended (${this.#closing.code} ${this.#closing.reason})`));
      closed.resolve(this.#closing);
    });
    this.#receive(rest);
  }

  /** Opens a stream. Rejects with `StreamRefused` if the server does not agree. */
  static async connect(port: number, path: string, options: StreamOptions = {}): Promise<StreamClient> {
    const { headers = {}, host = "127.0.0.1" } = options;
    const socket = connect({ host, port, noDelay: true });
    // What goes wrong later shows as `closed`.
    socket.on("error", () => {});
    const lines = Object.entries({ Host: `127.0.0.1:${port}`, ...headers }).map(([name, value]) => `${name}: ${value}`);
    socket.write(`GET ${path} HTTP/1.1\r\n${lines.join("\r\n")}\r\n\r\n`);
    const { head, rest } = await within(readHead(socket), "the answer to the request for a stream");
    const status = Number(head.split(" ")[1]);
    if (status === 200) return new StreamClient(socket, head, rest);
    socket.destroy();
    throw new StreamRefused(status, head + rest.toString());
  }

  /** The data of the next event; the last one, `close`, is left out. */
  nextText(deadlineMs?: number): Promise<string> {
    return this.#texts.next(deadlineMs);
  }

  takeAll(): string[] {
    return this.#texts.takeAll();
  }

  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  /** Drops the connection without a word. */
  [Symbol.dispose](): void {
    this.#socket.destroy();
  }

  /** The body is no more than its bytes: its end is that of the connection. */
  #receive(bytes: Buffer): void {
    this.#text += this.#decoder.decode(bytes, { stream: true });
    this.#takeEvents();
  }

  #takeEvents(): void {
    const blocks = this.#text.split("\n\n");
    this.#text = blocks.pop() ?? "";
    for (const block of blocks) this.#takeEvent(block.split("\n"));
  }

  #takeEvent(lines: readonly string[]): void {
    const field = (name: string) =>
      lines.filter((line) => line.startsWith(`${name}: `)).map((line) => line.slice(name.length + 2));
    this.pings += lines.filter((line) => line.startsWith(":")).length;
    const data = field("data");
    if (data.length === 0) return;
    const event: StreamEvent = { id: field("id")[0], name: field("event")[0], data: data.join("\n") };
    this.events.push(event);
    if (event.name === "close") {
      const { code, reason } = streamCloseSchema.parse(JSON.parse(event.data));
      this.#closing = { code, reason };
    } else {
      this.#texts.put(event.data);
    }
  }
}
