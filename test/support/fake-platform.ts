import type { ClientErrorCode } from "../../src/client/errors.ts";
import type { Credentials, Platform, Socket, SocketEvents } from "../../src/client/platform.ts";

/** A socket of which a test plays the other side, through `events`. */
export class FakeSocket implements Socket {
  readonly url: string;
  readonly credentials: Credentials;
  readonly sent: string[] = [];
  /** Whether the client let go of it without a word. */
  isDropped = false;
  /** To be called when the client's goodbye is to be answered; undefined before it has said it. */
  answerGoodbye: (() => void) | undefined;
  readonly #events: SocketEvents;

  constructor(url: string, credentials: Credentials, events: SocketEvents) {
    this.url = url;
    this.credentials = { ...credentials };
    this.#events = events;
  }

  /** Whether anything may still come of it. */
  get isOpen(): boolean {
    return !this.isDropped && this.answerGoodbye === undefined;
  }

  /** What was sent since the last look, as objects. */
  takeSent(): Record<string, unknown>[] {
    return this.sent.splice(0).map((text) => JSON.parse(text));
  }

  /** Opens it; nothing is sent on it yet. */
  accept(): void {
    if (this.isOpen) this.#events.opened();
  }

  /** Opens it, and answers the greeting by which a client learns the server's name. */
  open(server = "server-1"): void {
    if (!this.isOpen) return;
    this.#events.opened();
    const greeting = this.sent.findIndex((text) => text.includes('"request_id":"hello"'));
    this.sent.splice(greeting, 1);
    this.receive({ type: "pong", request_id: "hello", server, ts: "" });
  }

  /** Has a message come. */
  receive(message: object | string): void {
    if (this.isOpen) this.#events.received(typeof message === "string" ? message : JSON.stringify(message));
  }

  /** Another socket with the same owner. */
  replacement(): FakeSocket {
    return new FakeSocket(this.url, this.credentials, this.#events);
  }

  /** Offers another socket in its place; returns whether that is taken. */
  replaceBy(socket: FakeSocket): boolean {
    return this.#events.replaced(socket);
  }

  /** Reports why it could not be opened. */
  fail(code: ClientErrorCode, message: string): void {
    this.#events.closed(1006, message, code);
    this.isDropped = true;
  }

  /** Closes it from the other side. */
  end(code = 1006, reason = ""): void {
    if (!this.isOpen) return;
    this.#events.closed(code, reason);
    this.isDropped = true;
  }

  send(text: string): void {
    this.sent.push(text);
  }

  close(done: () => void): void {
    this.answerGoodbye = done;
  }

  drop(): void {
    this.isDropped = true;
  }
}

interface Timer {
  readonly atMs: number;
  readonly run: () => void;
}

/** A world that stands still until a test moves it. */
export class FakePlatform implements Platform {
  readonly sockets: FakeSocket[] = [];
  readonly httpSockets: FakeSocket[] = [];
  /** What the last of them was given, as it is now. */
  httpCredentials: Credentials | undefined;
  readonly warnings: string[] = [];
  /** What `random` says. */
  chance = 0.5;
  /** Thrown by the next `open`, where set. */
  openError: Error | undefined;
  readonly #timers = new Set<Timer>();
  readonly #back = new Set<() => void>();
  #nowMs = 0;

  get timerCount(): number {
    return this.#timers.size;
  }

  get listenerCount(): number {
    return this.#back.size;
  }

  /** The newest socket. */
  get socket(): FakeSocket {
    const socket = this.sockets.at(-1);
    if (socket === undefined) throw new Error("no socket was opened");
    return socket;
  }

  open(url: string, credentials: Credentials, events: SocketEvents): Socket {
    if (this.openError !== undefined) throw this.openError;
    const socket = new FakeSocket(url, credentials, events);
    this.sockets.push(socket);
    return socket;
  }

  async openHttp(url: string, credentials: Credentials, events: SocketEvents): Promise<Socket> {
    const socket = new FakeSocket(url, credentials, events);
    this.httpSockets.push(socket);
    this.httpCredentials = credentials;
    return socket;
  }

  after(ms: number, run: () => void): () => void {
    const timer = { atMs: this.#nowMs + ms, run };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  }

  whenBack(run: () => void): () => void {
    this.#back.add(run);
    return () => this.#back.delete(run);
  }

  random(): number {
    return this.chance;
  }

  readonly warn = (text: string): void => {
    this.warnings.push(text);
  };

  /** The machine is online again, or has slept. */
  comeBack(): void {
    for (const run of this.#back) run();
  }

  /** Lets time pass; what falls due runs in order. */
  advance(ms: number): void {
    const untilMs = this.#nowMs + ms;
    for (;;) {
      const [next] = [...this.#timers].sort((a, b) => a.atMs - b.atMs);
      if (next === undefined || next.atMs > untilMs) break;
      this.#timers.delete(next);
      this.#nowMs = next.atMs;
      next.run();
    }
    this.#nowMs = untilMs;
  }
}

/** Lets promises that are settled have their effects. */
export async function settled(): Promise<void> {
  for (let i = 0; i < 10; i++) await Promise.resolve();
}
