/** Smaller buffers are left to the collector. */
const MIN_BYTES = 64 * 1024;
/** A buffer may be larger than it is needed by so much. */
const MAX_SURPLUS = 1.25;
/** The most bytes that are kept. */
const MAX_BYTES = 8 * 1024 * 1024;

/**
 * Keeps large buffers for their next use. Memory outside of the heap is collected late: a server with 192 MiB that takes
 * messages of 500 KB has no room for what waits for that (test/history-memory.test.ts).
 */
export class BufferPool {
  readonly #free: Buffer[] = [];
  #bytes = 0;

  /** A buffer of so many bytes, or up to a quarter more, with any content. */
  take(bytes: number): Buffer {
    if (bytes < MIN_BYTES) return Buffer.allocUnsafeSlow(bytes);
    const at = this.#free.findIndex(({ length }) => length >= bytes && length <= MAX_SURPLUS * bytes);
    const free = this.#free[at];
    if (free === undefined) return Buffer.allocUnsafeSlow(bytes);
    this.#free.splice(at, 1);
    this.#bytes -= free.length;
    return free;
  }

  /** Takes back a buffer that nobody reads or writes any more. */
  give(buffer: Buffer): void {
    if (buffer.length < MIN_BYTES || this.#bytes + buffer.length > MAX_BYTES) return;
    this.#bytes += buffer.length;
    this.#free.push(buffer);
  }
}

/** The one of this process. */
export const bufferPool = new BufferPool();
