/** Counts how often a text occurs in a connection's bytes, also where it crosses from one chunk into the next. */
export class TextCounter {
  readonly #needle: Buffer;
  #tail: Buffer = Buffer.alloc(0);
  #count = 0;

  constructor(text: string) {
    this.#needle = Buffer.from(text);
  }

  /** Occurrences so far. */
  get count(): number {
    return this.#count;
  }

  /** Takes the next chunk. */
  scan(chunk: Buffer): void {
    const keep = this.#needle.length - 1;
    // The seam is as long as it can be without holding an occurrence that lies in one chunk alone.
    if (this.#tail.length > 0) this.#countIn(Buffer.concat([this.#tail, chunk.subarray(0, keep)]));
    this.#countIn(chunk);
    const seen = chunk.length < keep ? Buffer.concat([this.#tail, chunk]) : chunk;
    this.#tail = Buffer.from(seen.subarray(Math.max(0, seen.length - keep)));
  }

  #countIn(bytes: Buffer): void {
    for (let at = bytes.indexOf(this.#needle); at !== -1; at = bytes.indexOf(this.#needle, at + this.#needle.length)) {
      this.#count++;
    }
  }
}
