import type { Clock } from "./clock.ts";
import type { Counters } from "./counters.ts";

/** Something that has messages to send. */
export interface Flushable {
  flush(): void;
}

/** What a flush queue works with. */
export interface FlushQueuePorts<T> {
  /** Runs a function when the current turn of the event loop ends. */
  readonly defer: (run: () => void) => void;
  readonly clock: Clock;
  readonly counters: Pick<Counters, "published" | "publishToWriteSec">;
  /** Gets what a member's flush throws; the others are flushed all the same. */
  readonly onError: (member: T, error: unknown) => void;
}

/**
 * How long messages may wait for more to come, in milliseconds. A publisher that writes its messages one by one is
 * met in mid-burst; without the wait, 1000 subscribers cost 1.5 times as much (docs/performance.md). A third
 * of it gains less, and who publishes now and then never waits: one turn without a publication ends it.
 */
const MAX_GATHER_MS = 1;
/** After how many members the clock is read while a round is flushed: seldom enough to cost nothing. */
const MEMBERS_PER_READING = 16;

/**
 * Remembers who has messages to send, so that all messages for a client that come in quick succession go out in one
 * write: a write costs more than everything else about a delivery. It flushes at the end of the first turn of the
 * event loop that brought no further publication, or after a millisecond.
 */
export class FlushQueue<T extends Flushable> {
  readonly #ports: FlushQueuePorts<T>;
  #members: T[] = [];
  #publishedBefore = 0;
  /** When the first member of the round was added. */
  #sinceMs = 0;

  constructor(ports: FlushQueuePorts<T>) {
    this.#ports = ports;
  }

  /** Has `member` flushed soon. The caller sees to it that it adds itself once. */
  add(member: T): void {
    if (this.#members.push(member) > 1) return;
    const { clock, counters, defer } = this.#ports;
    this.#publishedBefore = counters.published;
    this.#sinceMs = clock.monotonicMs();
    defer(this.#turnEnded);
  }

  readonly #turnEnded = (): void => {
    const { clock, counters, defer } = this.#ports;
    if (counters.published !== this.#publishedBefore && clock.monotonicMs() < this.#sinceMs + MAX_GATHER_MS) {
      this.#publishedBefore = counters.published;
      defer(this.#turnEnded);
    } else {
      this.#flush();
    }
  };

  #flush(): void {
    const members = this.#members;
    // Members that a flush adds begin the next round, with a time of its own.
    const sinceMs = this.#sinceMs;
    this.#members = [];
    let unmeasured = 0;
    for (const member of members) {
      try {
        member.flush();
      } catch (error) {
        this.#ports.onError(member, error);
      }
      if (++unmeasured === MEMBERS_PER_READING) {
        this.#measure(sinceMs, unmeasured);
        unmeasured = 0;
      }
    }
    if (unmeasured > 0) this.#measure(sinceMs, unmeasured);
  }

  /** Notes how long the members flushed last have waited: by the round's first message, so no less than they did. */
  #measure(sinceMs: number, members: number): void {
    const { clock, counters } = this.#ports;
    counters.publishToWriteSec.observe((clock.monotonicMs() - sinceMs) / 1000, members);
  }
}
