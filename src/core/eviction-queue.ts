const CHUNK_LENGTH = 64;

/**
 * A first-in, first-out queue that can also give up its oldest item of a certain kind. Items stand in chunks; one
 * evicted from the middle leaves a hole. So no operation on a long queue moves or copies more than a chunk: with
 * hundreds of clients that do not read, whose queues are full at the same moment, that would hold up all the others.
 */
export class EvictionQueue<T> {
  readonly #isEvictable: (item: T) => boolean;
  /** The oldest items, from `#head` on; one array, used again and again, where the queue is short. */
  #chunk: (T | undefined)[] = [];
  #head = 0;
  /** The chunks after that. */
  #further: (T | undefined)[][] = [];
  #size = 0;
  /** No evictable item stands before this index of this chunk; `#chunk` is 0. */
  #evictableIndex = 0;
  #evictableChunk = 0;

  /** @param isEvictable tells the kind; it must always say the same of the same item */
  constructor(isEvictable: (item: T) => boolean) {
    this.#isEvictable = isEvictable;
  }

  /** How many items wait. */
  get size(): number {
    return this.#size;
  }

  push(item: T): void {
    this.#size++;
    if (this.#chunk.length < CHUNK_LENGTH) this.#chunk.push(item);
    else this.#pushFurther(item);
  }

  /** The oldest item, or undefined. */
  peek(): T | undefined {
    if (this.#size === 0) return undefined;
    for (;;) {
      const item = this.#chunk[this.#head];
      if (item !== undefined) return item;
      if (++this.#head >= this.#chunk.length) this.#nextChunk();
    }
  }

  /** Takes the oldest item, or returns undefined. */
  shift(): T | undefined {
    const item = this.#chunk[this.#head] ?? this.peek();
    if (item === undefined) return undefined;
    this.#size--;
    this.#chunk[this.#head++] = undefined;
    if (this.#head === this.#chunk.length) this.#nextChunk();
    return item;
  }

  /** Takes the oldest item of the evictable kind, or returns undefined. */
  evictOldest(): T | undefined {
    while (this.#evictableChunk <= this.#further.length) {
      const chunk = this.#evictableChunk === 0 ? this.#chunk : this.#further[this.#evictableChunk - 1];
      while (chunk !== undefined && this.#evictableIndex < chunk.length) {
        const index = this.#evictableIndex++;
        const item = chunk[index];
        if (item === undefined || !this.#isEvictable(item)) continue;
        chunk[index] = undefined;
        this.#size--;
        return item;
      }
      if (this.#evictableChunk === this.#further.length) return undefined;
      this.#leaveChunk();
    }
    return undefined;
  }

  clear(): void {
    this.#chunk = [];
    this.#head = 0;
    this.#further = [];
    this.#size = 0;
    this.#evictableIndex = 0;
    this.#evictableChunk = 0;
  }

  #pushFurther(item: T): void {
    const last = this.#further.at(-1);
    if (last === undefined || last.length === CHUNK_LENGTH) this.#further.push([item]);
    else last.push(item);
  }

  /** Goes on where the first chunk is used up. */
  #nextChunk(): void {
    const next = this.#further.shift();
    if (next === undefined) this.#chunk.length = 0;
    else this.#chunk = next;
    this.#head = 0;
    if (this.#evictableChunk === 0 || next === undefined) this.#evictableIndex = 0;
    else this.#evictableChunk--;
  }

  /** Looks for evictable items in the chunk that comes next, and lets go of this one if nothing is left in it. */
  #leaveChunk(): void {
    const at = this.#evictableChunk;
    const left = at === 0 ? this.#chunk : this.#further[at - 1];
    const isEmpty = left?.every((item) => item === undefined) ?? false;
    if (at === 0 && isEmpty) {
      this.#nextChunk();
      return;
    }
    if (isEmpty) this.#further.splice(at - 1, 1);
    else this.#evictableChunk++;
    this.#evictableIndex = 0;
  }
}
