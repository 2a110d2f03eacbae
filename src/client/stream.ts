import type { Gap, RingcastEvent } from "./options.ts";
import type { Sequence, Sink } from "./sequence.ts";

/** Holds a bounded number of events for a loop that takes them at its own pace. */
export class Stream<T> implements Sink<T> {
  readonly #maxBuffered: number;
  readonly #report: (gap: Gap) => void;
  readonly #items: (RingcastEvent<T> | Gap)[] = [];
  #wake = () => {};

  /** @param report told of a gap when the loop gets to it */
  constructor(maxBuffered: number, report: (gap: Gap) => void) {
    this.#maxBuffered = maxBuffered;
    this.#report = report;
  }

  isFull(): boolean {
    return this.#items.length >= this.#maxBuffered;
  }

  event(event: RingcastEvent<T>): void {
    this.#items.push(event);
    this.#wake();
  }

  gap(gap: Gap): void {
    this.#items.push(gap);
    this.#wake();
  }

  /** What comes, until the sequence ends; leaving the loop ends it. Throws what ended it, unless that is the end of the topic. */
  async *read(sequence: Sequence<T>): AsyncGenerator<RingcastEvent<T>, void, void> {
    let hasEnded = false;
    const ended = sequence.ended.then((error) => {
      hasEnded = true;
      this.#wake();
      return error;
    });
    try {
      while (!hasEnded) {
        for (let item = this.#items.shift(); item !== undefined; item = this.#items.shift()) {
          if ("id" in item) yield item;
          else this.#report(item);
        }
        sequence.resume();
        if (hasEnded) break;
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
      }
      const error = await ended;
      if (error !== undefined && error.code !== "TOPIC_DELETED") throw error;
    } finally {
      sequence.end();
    }
  }
}
