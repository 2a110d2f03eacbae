/** A line of a stream, counted from 1, or why it can't be had. */
export type Line =
  | { readonly number: number; readonly text: string }
  | { readonly number: number; readonly problem: string };

const LINE_FEED = 10;

/** Puts lines together from chunks; of one that is too long it keeps nothing. */
class LineBuffer {
  readonly #maxBytes: number;
  readonly #decoder = new TextDecoder("utf-8", { fatal: true });
  #parts: Uint8Array[] = [];
  #bytes = 0;
  #number = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  get isEmpty(): boolean {
    return this.#bytes === 0;
  }

  add(part: Uint8Array): void {
    this.#bytes += part.length;
    if (this.#bytes <= this.#maxBytes) this.#parts.push(part);
    else this.#parts = [];
  }

  take(): Line {
    const bytes = this.#bytes;
    const parts = this.#parts;
    const number = ++this.#number;
    this.#bytes = 0;
    this.#parts = [];
    if (bytes > this.#maxBytes) return { number, problem: `is longer than ${this.#maxBytes} bytes` };
    try {
      return { number, text: this.#decoder.decode(Buffer.concat(parts)).replace(/\r$/, "") };
    } catch {
      return { number, problem: "is not UTF-8" };
    }
  }
}

/**
 * Reads a stream line by line, and no quicker than the lines are taken.
 * @param maxBytes the longest line that is kept
 */
export async function* readLines(chunks: AsyncIterable<Uint8Array>, maxBytes: number): AsyncGenerator<Line> {
  const buffer = new LineBuffer(maxBytes);
  for await (const chunk of chunks) {
    let start = 0;
    for (let end = chunk.indexOf(LINE_FEED); end >= 0; end = chunk.indexOf(LINE_FEED, start)) {
      buffer.add(chunk.subarray(start, end));
      start = end + 1;
      yield buffer.take();
    }
    buffer.add(chunk.subarray(start));
  }
  if (!buffer.isEmpty) yield buffer.take();
}
