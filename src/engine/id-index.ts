/** An event's place in the index. */
class Entry {
  readonly id: string;
  readonly offset: number;
  /** The next event of the log. */
  newer: Entry | undefined;
  /** The next event with the same id. */
  nextOfId: Entry | undefined;
  /** The newest event with the same id; right only in the first one. */
  newestOfId: Entry = this;

  constructor(id: string, offset: number) {
    this.id = id;
    this.offset = offset;
  }
}

/** The offsets of a log's events by their ids. To add an event or to forget one takes the same time, however many there are. */
export class IdIndex {
  /** The first event of each id. */
  readonly #firsts = new Map<string, Entry>();
  #oldest: Entry | undefined;
  #newest: Entry | undefined;

  /** The first event with an id; undefined if there is none. */
  first(id: string): number | undefined {
    return this.#firsts.get(id)?.offset;
  }

  /** Adds an event that is newer than all others. */
  add(id: string, offset: number): void {
    const first = this.#firsts.get(id);
    const entry = new Entry(first?.id ?? id, offset);
    if (this.#newest === undefined) this.#oldest = entry;
    else this.#newest.newer = entry;
    this.#newest = entry;
    if (first === undefined) {
      this.#firsts.set(id, entry);
      return;
    }
    first.newestOfId.nextOfId = entry;
    first.newestOfId = entry;
  }

  /** Forgets the events before an offset. */
  forgetBefore(offset: number): void {
    let oldest = this.#oldest;
    while (oldest !== undefined && oldest.offset < offset) {
      const { newer } = oldest;
      this.#forgetFirst(oldest);
      oldest = newer;
    }
    this.#oldest = oldest;
    if (oldest === undefined) this.#newest = undefined;
  }

  /** Forgets the oldest event, which is the first one of its id. */
  #forgetFirst(entry: Entry): void {
    const { id, newestOfId, nextOfId } = entry;
    // An old object that refers to a newer one keeps it from being collected early.
    entry.newer = undefined;
    entry.nextOfId = undefined;
    entry.newestOfId = entry;
    if (nextOfId === undefined) {
      this.#firsts.delete(id);
      return;
    }
    nextOfId.newestOfId = newestOfId;
    this.#firsts.set(id, nextOfId);
  }
}
