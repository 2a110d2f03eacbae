/** Holds the newest items up to a fixed capacity; the oldest make room. */
export class RingBuffer<T> {
  readonly #capacity: number;
  readonly #items: T[] = [];
  /** Where the oldest item stands once the buffer is full, and so where the next one goes. */
  #oldest = 0;

  /** @param capacity how many items it holds, 0 or more; memory is taken as items come */
  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  /** How many items it holds now. */
  get size(): number {
    return this.#items.length;
  }

  /** Adds an item, in place of the oldest one if it is full; returns what it no longer holds, if anything. */
  push(item: T): T | undefined {
    if (this.#items.length < this.#capacity) {
      this.#items.push(item);
      return undefined;
    }
    if (this.#capacity === 0) return item;
    const evicted = this.#items[this.#oldest];
    this.#items[this.#oldest] = item;
    this.#oldest = (this.#oldest + 1) % this.#capacity;
    return evicted;
  }

  /** The newest `count` items, oldest first; all of them where it holds fewer. */
  newest(count: number): T[] {
    const inOrder = [...this.#items.slice(this.#oldest), ...this.#items.slice(0, this.#oldest)];
    return inOrder.slice(inOrder.length - Math.min(count, inOrder.length));
  }
}
