/** What became of a received sequence number. */
export type Arrival = "expected" | "late" | "duplicate";

/** Watches one stream at one subscriber: every number once, in order. */
export class SequenceCheck {
  #next = 0;
  /** Numbers that were passed over; made only when there is one. */
  #skipped: Set<number> | undefined;

  /** The number that should come next. */
  get next(): number {
    return this.#next;
  }

  /** Takes the next received number. */
  accept(sequence: number): Arrival {
    if (sequence === this.#next) {
      this.#next++;
      return "expected";
    }
    if (sequence > this.#next) {
      this.#skipped ??= new Set();
      for (let number = this.#next; number < sequence; number++) this.#skipped.add(number);
      this.#next = sequence + 1;
      return "expected";
    }
    return this.#skipped?.delete(sequence) ? "late" : "duplicate";
  }
}
