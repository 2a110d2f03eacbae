/** Something that has messages to send. */
export interface Flushable {
  flush(): void;
}

/**
 * Remembers who has messages to send until the tick ends, so that all of one tick's messages for a client go out in
 * one write: a write costs more than everything else about a delivery.
 */
export class FlushQueue<T extends Flushable> {
  readonly #defer: (run: () => void) => void;
  readonly #onError: (member: T, error: unknown) => void;
  #members: T[] = [];

  /**
   * @param defer runs a function when the tick ends
   * @param onError gets what a member's flush throws; the others are flushed all the same
   */
  constructor(defer: (run: () => void) => void, onError: (member: T, error: unknown) => void) {
    this.#defer = defer;
    this.#onError = onError;
  }

  /** Has `member` flushed when the tick ends. The caller sees to it that it adds itself once. */
  add(member: T): void {
    if (this.#members.push(member) === 1) this.#defer(this.#run);
  }

  readonly #run = (): void => {
    const members = this.#members;
    this.#members = [];
    for (const member of members) {
      try {
        member.flush();
      } catch (error) {
        this.#onError(member, error);
      }
    }
  };
}
