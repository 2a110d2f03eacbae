import { bufferPool } from "../bytes/buffer-pool.ts";

const MIN_CAPACITY_BYTES = 512;

/**
 * Bytes that arrive in parts. The capacity doubles, so that any number of parts costs linear time, and never
 * exceeds what has been announced by more than a quarter. Memory is taken as bytes arrive, not as they are announced.
 */
export class Accumulator {
  #bytes: Buffer;
  #length = 0;

  constructor() {
    this.#bytes = EMPTY;
  }

  /** The memory; only the first `length` bytes are filled. It moves when bytes are appended. */
  get bytes(): Buffer {
    return this.#bytes;
  }

  get length(): number {
    return this.#length;
  }

  /** Appends a copy. `announcedLength` is the length in bytes that is known to be coming, this part included. */
  append(source: Buffer, start: number, end: number, announcedLength: number): void {
    const needed = this.#length + end - start;
    if (needed > this.#bytes.length) this.#grow(needed, announcedLength);
    source.copy(this.#bytes, this.#length, start, end);
    this.#length = needed;
  }

  /** Gives its memory back; nobody may use `bytes` any more. */
  release(): void {
    bufferPool.give(this.#bytes);
    this.#bytes = EMPTY;
    this.#length = 0;
  }

  #grow(needed: number, announcedLength: number): void {
    const doubled = Math.max(this.#bytes.length * 2, MIN_CAPACITY_BYTES);
    const capacity = Math.max(needed, Math.min(doubled, announcedLength));
    const grown = bufferPool.take(capacity);
    this.#bytes.copy(grown, 0, 0, this.#length);
    bufferPool.give(this.#bytes);
    this.#bytes = grown;
  }
}

const EMPTY = Buffer.alloc(0);
