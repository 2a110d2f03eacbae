import { Duplex } from "node:stream";

/** The server's end of a connection without a network: `push` is what the client sends, `output` what it receives. */
export class MemorySocket extends Duplex {
  readonly #output: Buffer[] = [];
  #isStalled = false;
  #resume: (() => void) | undefined;

  constructor() {
    super({ allowHalfOpen: true });
  }

  /** All bytes that were written so far. */
  get output(): Buffer {
    return Buffer.concat(this.#output);
  }

  /** From now on the client reads nothing: writes stay in the socket's buffer. */
  stall(): void {
    this.#isStalled = true;
  }

  /** The client reads everything, and continues to read. */
  unstall(): void {
    this.#isStalled = false;
    const resume = this.#resume;
    this.#resume = undefined;
    resume?.();
  }

  override _read(): void {}

  override _write(chunk: Buffer, _encoding: BufferEncoding, callback: () => void): void {
    // The writer may use the memory again.
    this.#output.push(Buffer.from(chunk));
    if (this.#isStalled) this.#resume = callback;
    else callback();
  }

  override _final(callback: () => void): void {
    callback();
  }
}
