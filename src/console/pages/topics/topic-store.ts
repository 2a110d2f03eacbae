import type { TopicSummary } from "../../api.ts";
import { nameOrder } from "../../parts/table-model.ts";

/** A topic as the table shows it; the same object from poll to poll. */
export interface TopicRow {
  readonly name: string;
  /** What it is sorted by. */
  readonly order: string;
  /** What a search looks in. */
  readonly lowerName: string;
  readonly createdAtMs: number;
  readonly messages: number;
  readonly subscribers: number;
  /** Between the last two polls; undefined after the first. */
  readonly ratePerSec: number | undefined;
}

type Writable<T> = { -readonly [Key in keyof T]: T[Key] };

interface Entry {
  readonly createdAt: string;
  readonly row: Writable<TopicRow>;
  /** The poll that last had it. */
  poll: number;
}

/** All topics, kept up to date in place: 10,000 that change every 2 seconds make no garbage and no needless sort. */
export class TopicStore {
  readonly #entries = new Map<string, Entry>();
  #rows: readonly TopicRow[] = [];
  #poll = 0;
  #lastAtMs = 0;
  #membership = 0;

  /** The topics, in no order. */
  get rows(): readonly TopicRow[] {
    return this.#rows;
  }

  /** How often something was told. */
  get version(): number {
    return this.#poll;
  }

  /** How often topics came or went: an order by name lasts as long. */
  get membership(): number {
    return this.#membership;
  }

  /**
   * Takes what the server says of its topics.
   * @param atMs when, by a clock that only goes forward
   */
  update(topics: readonly TopicSummary[], atMs: number): void {
    const elapsedSec = (atMs - this.#lastAtMs) / 1000;
    this.#lastAtMs = atMs;
    this.#poll++;
    let isAnother = false;
    for (const topic of topics) {
      const known = this.#entries.get(topic.name);
      // One that began anew is another one.
      if (known === undefined || known.createdAt !== topic.created_at) {
        this.#add(topic);
        isAnother = true;
        continue;
      }
      const { row } = known;
      row.ratePerSec = Math.max(0, (topic.message_count - row.messages) / elapsedSec);
      row.messages = topic.message_count;
      row.subscribers = topic.subscriber_count;
      known.poll = this.#poll;
    }
    if (this.#entries.size > topics.length) {
      for (const [name, { poll }] of this.#entries) if (poll !== this.#poll) this.#entries.delete(name);
      isAnother = true;
    }
    if (!isAnother) return;
    this.#membership++;
    this.#rows = Array.from(this.#entries.values(), ({ row }) => row);
  }

  #add({ created_at: createdAt, message_count: messages, name, subscriber_count: subscribers }: TopicSummary): void {
    const row = {
      name,
      order: nameOrder(name),
      lowerName: name.toLowerCase(),
      createdAtMs: Date.parse(createdAt),
      messages,
      subscribers,
      ratePerSec: undefined,
    };
    this.#entries.set(name, { createdAt, row, poll: this.#poll });
  }
}
