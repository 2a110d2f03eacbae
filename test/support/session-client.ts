import { request } from "node:http";
import { deferred } from "../../src/client/deferred.ts";
import { type ServerMessage, serverMessageSchema, streamSessionSchema } from "../../src/protocol/messages.ts";
import type { Closing } from "./client.ts";
import { within } from "./mailbox.ts";
import { StreamClient, type StreamOptions } from "./stream-client.ts";

type Message<T extends ServerMessage["type"]> = Extract<ServerMessage, { type: T }>;

export interface SessionOptions extends StreamOptions {
  /** The query of the request that opens it, with the question mark. */
  readonly query?: string;
}

/** What a POST was answered with. */
export interface PostAnswer {
  readonly status: number;
  readonly body: string;
}

/** Posts a body on a connection of its own, which is closed afterwards. */
export function postText(url: string, body: string | Uint8Array, headers: Record<string, string>): Promise<PostAnswer> {
  const { promise, reject, resolve } = deferred<PostAnswer>();
  const outgoing = request(url, { method: "POST", agent: false, headers }, (incoming) => {
    let text = "";
    incoming.setEncoding("utf8").on("data", (chunk: string) => {
      text += chunk;
    });
    incoming.on("end", () => resolve({ status: incoming.statusCode ?? 0, body: text })).on("error", reject);
  });
  outgoing.on("error", reject);
  outgoing.end(body);
  return within(promise, "the answer to a POST", 20_000);
}

/** A client of a session by HTTP: its stream is on a raw socket, its requests are on connections of their own. */
export class SessionClient implements Disposable {
  readonly stream: StreamClient;
  readonly id: string;
  readonly #url: string;

  private constructor(stream: StreamClient, id: string, origin: string) {
    this.stream = stream;
    this.id = id;
    this.#url = `${origin}/ws/session/${id}`;
  }

  /** Opens a session. Rejects with `StreamRefused` if the server does not agree. */
  static async connect(port: number, { query = "", ...options }: SessionOptions = {}): Promise<SessionClient> {
    const stream = await StreamClient.connect(port, `/ws/session${query}`, options);
    const { id } = streamSessionSchema.parse(JSON.parse(await stream.nextText()));
    return new SessionClient(stream, id, `http://${options.host ?? "127.0.0.1"}:${port}`);
  }

  get closed(): Promise<Closing> {
    return this.stream.closed;
  }

  get pings(): number {
    return this.stream.pings;
  }

  /** Posts a body. */
  post(body: string | Uint8Array, headers: Record<string, string> = {}): Promise<PostAnswer> {
    return postText(this.#url, body, { "Content-Type": "text/plain", ...headers });
  }

  /** Sends requests, all in one body. */
  async send(...requests: readonly (object | string)[]): Promise<void> {
    const lines = requests.map((request) => (typeof request === "string" ? request : JSON.stringify(request)));
    const { status } = await this.post(lines.join("\n"));
    if (status !== 204) throw new Error(`the requests were answered with ${status}`);
  }

  nextText(deadlineMs?: number): Promise<string> {
    return this.stream.nextText(deadlineMs);
  }

  /** The next message, which must be of this type. */
  async expect<T extends ServerMessage["type"]>(type: T): Promise<Message<T>> {
    const message = serverMessageSchema.parse(JSON.parse(await this.nextText()));
    const isWanted = (each: ServerMessage): each is Message<T> => each.type === type;
    if (isWanted(message)) return message;
    throw new Error(`expected ${type}, got ${JSON.stringify(message)}`);
  }

  takeAll(): string[] {
    return this.stream.takeAll();
  }

  pause(): void {
    this.stream.pause();
  }

  resume(): void {
    this.stream.resume();
  }

  /** Drops the stream without a word. */
  [Symbol.dispose](): void {
    this.stream[Symbol.dispose]();
  }
}
