import type { ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { TLSSocket } from "node:tls";
import { IS_BUN } from "./runtime.ts";
import { slackBytesOf } from "./slack-bytes.ts";

/** Bun hands a response's bytes over only at the end of the turn: so many are no sign of a full socket. */
const BUN_SLACK_BYTES = 128 * 1024;
const NO_BYTES = Buffer.alloc(0);

/** Receives the events of an output. */
export interface OutputObserver {
  /** The socket takes more again. */
  drained(): void;
  /** The socket is gone. */
  closed(): void;
}

/**
 * The body of a response that has no end. On Node.js it is written to the socket, since a response would gather writes
 * until the turn ends. On Bun it is written to the response, since the socket knows no backpressure.
 */
export class StreamOutput {
  readonly #outgoing: ServerResponse;
  readonly #socket: Socket;
  readonly #out: ServerResponse | Socket;
  readonly #observer: OutputObserver;
  readonly #completesLater: boolean;
  readonly #slackBytes: number;
  readonly #onWritten = () => this.#written();
  #isBlocked = false;

  constructor(outgoing: ServerResponse, socket: Socket, observer: OutputObserver) {
    this.#outgoing = outgoing;
    this.#socket = socket;
    this.#out = IS_BUN ? outgoing : socket;
    this.#completesLater = IS_BUN || socket instanceof TLSSocket;
    this.#slackBytes = IS_BUN ? BUN_SLACK_BYTES : slackBytesOf(socket);
    this.#observer = observer;
    // On Bun a write calls back before it is complete.
    if (IS_BUN) outgoing.on("drain", this.#onWritten);
    socket.on("close", () => observer.closed());
  }

  /** Bytes that the operating system has taken since the connection began. */
  get takenBytes(): number {
    return this.#socket.bytesWritten - this.#out.writableLength;
  }

  /** Bytes that a full socket holds; 0 where it takes more. */
  get unsentBytes(): number {
    const { writableLength } = this.#out;
    return writableLength <= this.#slackBytes ? 0 : writableLength;
  }

  write(piece: string | Uint8Array): void {
    if (this.#completesLater) {
      this.#out.write(piece, this.#onWritten);
      if (this.#out.writableLength > 0) this.#isBlocked = true;
      return;
    }
    // Without a callback, which would cost a tick for each write that the system takes at once.
    this.#out.write(piece);
    if (this.#isBlocked || this.#out.writableLength === 0) return;
    this.#isBlocked = true;
    this.#out.write(NO_BYTES, this.#onWritten);
  }

  /** Sends what is buffered, then closes. */
  end(): void {
    if (IS_BUN) this.#outgoing.end();
    else this.#socket.destroySoon();
  }

  /** Destroys the connection. A reset tells the client that this is no regular end. TLS has its own alert for that. */
  reset(): void {
    if (this.#socket instanceof TLSSocket) this.#socket.destroy();
    else this.#socket.resetAndDestroy();
  }

  /** Writes are complete. On Node.js the event `drain` does not serve: a small write that blocks causes none. */
  #written(): void {
    // Node.js calls a write complete, too, that a reset of the connection has ended.
    if (!this.#isBlocked || this.#socket.destroyed || this.unsentBytes > 0) return;
    this.#isBlocked = false;
    this.#observer.drained();
  }
}
