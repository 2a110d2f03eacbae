import { deferred } from "./deferred.ts";
import type { RingcastError } from "./errors.ts";
import type { Gap, RingcastEvent } from "./options.ts";
import type { Sequence, Sink } from "./sequence.ts";

/** Holds a bounded number of events for a loop that takes them at its own pace. */
export class Stream<T> implements Sink<T> {
  readonly #maxBuffered: number;
  readonly #report: (gap: Gap) => void;
  readonly #items: (RingcastEvent<T> | Gap)[] = [];
  #wake = () => {};
  /** Settles when the last call of `next` has ended: calls take turns. */
  #lastCall: Promise<unknown> = Promise.resolve();
  #hasEnded = false;
  /** What the loop has still to throw. */
  #error: RingcastError | undefined;

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

  /**
   * What comes, until the sequence ends; leaving the loop ends it. Throws what ended it, unless that is the end of the topic.
   */
  read(sequence: Sequence<T>): AsyncIterator<RingcastEvent<T>, void> {
    sequence.ended.then((error) => {
      this.#hasEnded = true;
      if (error?.code !== "TOPIC_DELETED") this.#error = error;
      this.#wake();
    });
    return {
      next: () => {
        const next = this.#lastCall.then(() => this.#next(sequence));
        this.#lastCall = next.catch(() => {});
        return next;
      },
      return: async () => {
        sequence.end();
        this.#items.length = 0;
        return { done: true, value: undefined };
      },
    };
  }

  async #next(sequence: Sequence<T>): Promise<IteratorResult<RingcastEvent<T>, void>> {
    for (;;) {
      for (let item = this.#items.shift(); item !== undefined; item = this.#items.shift()) {
        if ("id" in item) return { done: false, value: item };
        this.#report(item);
      }
      if (this.#hasEnded) break;
      const { promise, resolve } = deferred<void>();
      this.#wake = resolve;
      sequence.resume();
      await promise;
    }
    const error = this.#error;
    this.#error = undefined;
    if (error !== undefined) throw error;
    return { done: true, value: undefined };
  }
}
