import { connect, type Socket } from "node:net";
import { deferred } from "../../src/client/deferred.ts";
import { within } from "./mailbox.ts";

const DEADLINE_MS = 20_000;

/** An HTTP connection as bytes: for what comes late, in parts, or is never read. */
export class RawConnection implements Disposable {
  /** Resolves when the connection is gone, whoever ended it. */
  readonly closed: Promise<void>;
  readonly #socket: Socket;
  #received = "";
  #bytes = 0;
  #onData: (() => void) | undefined;

  private constructor(socket: Socket) {
    this.#socket = socket;
    const closed = deferred<void>();
    this.closed = closed.promise;
    socket.on("data", (chunk: Buffer) => {
      this.#received += chunk.toString("latin1");
      this.#bytes += chunk.length;
      this.#onData?.();
    });
    // A reset shows as `closed`.
    socket.on("error", () => {});
    socket.on("close", () => {
      closed.resolve();
      this.#onData?.();
    });
  }

  /** Connects; rejects where nobody listens. */
  static async open(port: number, host = "127.0.0.1"): Promise<RawConnection> {
    const socket = connect({ host, port, noDelay: true });
    const { promise, resolve, reject } = deferred<void>();
    socket.once("connect", resolve);
    socket.once("error", reject);
    await within(promise, "the connection");
    socket.off("error", reject);
    return new RawConnection(socket);
  }

  /** What has come that was not taken by `until` or `bytesUntil`, as Latin-1. */
  get received(): string {
    return this.#received;
  }

  /** How many bytes have come in all. */
  get bytes(): number {
    return this.#bytes;
  }

  send(text: string): void {
    this.#socket.write(text, "latin1");
  }

  /** Takes all that has come once a text is in it. */
  async until(text: string, deadlineMs = DEADLINE_MS): Promise<string> {
    await this.#when(() => this.#received.includes(text), JSON.stringify(text), deadlineMs);
    const received = this.#received;
    this.#received = "";
    return received;
  }

  /** Resolves once so many more bytes have come; they are thrown away. */
  async skip(bytes: number, deadlineMs = DEADLINE_MS): Promise<void> {
    const goal = this.#bytes + bytes;
    await this.#when(() => this.#bytes >= goal, `${bytes} bytes`, deadlineMs);
    this.#received = "";
  }

  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  [Symbol.dispose](): void {
    this.#socket.destroy();
  }

  async #when(condition: () => boolean, what: string, deadlineMs: number): Promise<void> {
    const { promise, resolve, reject } = deferred<void>();
    this.#onData = () => {
      if (condition()) resolve();
      else if (this.#socket.destroyed) reject(new Error(`the connection ended before ${what} came`));
    };
    this.#onData();
    await within(promise, what, deadlineMs).finally(() => {
      this.#onData = undefined;
    });
  }
}
