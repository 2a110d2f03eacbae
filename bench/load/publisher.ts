import type { Connection } from "./connection.ts";
import type { Stream } from "./stream.ts";
import { TextCounter } from "./text-counter.ts";

/** One publishing connection; it serves its streams in turn. */
export class Publisher {
  /** Messages of the window that have been delivered to everybody since this last sent. */
  credit = 0;
  /** Messages sent so far. */
  sent = 0;
  readonly #connection: Connection;
  readonly #streams: readonly Stream[];
  readonly #acknowledgements: TextCounter | undefined;
  readonly #batchedWrites: boolean;
  #turn = 0;
  #batch = Buffer.alloc(0);

  constructor(
    connection: Connection,
    streams: readonly Stream[],
    acknowledgement: string | null,
    { batchedWrites }: { readonly batchedWrites: boolean },
  ) {
    this.#connection = connection;
    this.#streams = streams;
    this.#batchedWrites = batchedWrites;
    if (acknowledgement === null) return;
    const counter = new TextCounter(acknowledgement);
    this.#acknowledgements = counter;
    connection.onChunk = (chunk) => counter.scan(chunk);
  }

  /** Publications that the server has not answered, where it answers them. */
  get unacknowledged(): number {
    return this.#acknowledgements === undefined ? 0 : this.sent - this.#acknowledgements.count;
  }

  /** Sends messages that were due at `timeUs`, each by itself, or all together where told to. */
  send(count: number, timeUs: number): void {
    this.sent += count;
    if (!this.#batchedWrites || count === 1) {
      for (let index = 0; index < count; index++) this.#connection.write(this.#nextStream().nextFrame(timeUs));
      return;
    }
    let end = 0;
    for (let index = 0; index < count; index++) {
      const frame = this.#nextStream().nextFrame(timeUs);
      if (end + frame.length > this.#batch.length) this.#growTo(end + frame.length);
      end += frame.copy(this.#batch, end);
    }
    this.#connection.write(this.#batch.subarray(0, end));
  }

  #nextStream(): Stream {
    const stream = this.#streams[this.#turn];
    if (stream === undefined) throw new Error("a publisher without streams");
    this.#turn = this.#turn + 1 === this.#streams.length ? 0 : this.#turn + 1;
    return stream;
  }

  #growTo(atLeast: number): void {
    const larger = Buffer.alloc(Math.max(2 * this.#batch.length, atLeast));
    this.#batch.copy(larger);
    this.#batch = larger;
  }
}
