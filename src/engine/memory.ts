import type { Timestamps } from "../core/clock.ts";
import type { Draft, TopicName } from "../core/draft.ts";
import type { Engine, Stream } from "../core/engine.ts";
import { HistoryBudget } from "../core/history-budget.ts";
import { Log } from "../core/log.ts";
import { eventParts } from "../protocol/encode.ts";
import { stringValue } from "../protocol/spans.ts";

/** Keeps every topic's last events in this process. */
export class MemoryEngine implements Engine {
  readonly #capacity: number;
  readonly #timestamps: Timestamps;
  readonly #newEpoch: () => string;
  readonly history: HistoryBudget;

  /**
   * @param capacity how many events each topic keeps for replay (`-ring-buffer-size`)
   * @param newEpoch makes a new epoch; random in the server, known in tests
   * @param maxBytes the most bytes of all topics' events together (`-max-history-bytes`)
   */
  constructor(
    capacity: number,
    timestamps: Timestamps,
    newEpoch: () => string,
    maxBytes: number = Number.POSITIVE_INFINITY,
  ) {
    this.#capacity = capacity;
    this.#timestamps = timestamps;
    this.#newEpoch = newEpoch;
    this.history = new HistoryBudget(maxBytes);
  }

  open(topic: TopicName, appended: () => void, capacity = this.#capacity): Stream {
    return new MemoryStream(new Log(topic, this.#newEpoch(), capacity, this.history), this.#timestamps, appended);
  }
}

/** The id itself: two JSON texts, with and without escapes, may be the same id. */
function idOf(idJson: string): string {
  return stringValue(idJson) ?? idJson;
}

function idOfDraft({ bytes, idEnd, idStart }: Draft): string {
  return idOf(bytes.toString("utf8", idStart, idEnd));
}

class MemoryStream implements Stream {
  readonly log: Log;
  readonly #timestamps: Timestamps;
  readonly #appended: () => void;
  /** The held events' offsets by id; kept from the first search on, as most topics are never searched. */
  #offsets: Map<string, number[]> | undefined;
  /** Up to where the log had dropped its events early when they were last looked at. */
  #releasedOffset = 0;

  constructor(log: Log, timestamps: Timestamps, appended: () => void) {
    this.log = log;
    this.#timestamps = timestamps;
    this.#appended = appended;
  }

  publish(draft: Draft): number {
    this.#forgetEvicted();
    if (this.#offsets !== undefined) this.#makeRoom(this.#offsets);
    const offset = this.log.append(draft, this.#timestamps.end());
    if (this.#offsets !== undefined) this.#index(this.#offsets, idOfDraft(draft), offset);
    this.#appended();
    return offset;
  }

  find(draft: Draft): number | undefined {
    this.#forgetEvicted();
    this.#offsets ??= this.#indexHeld();
    return this.#offsets.get(idOfDraft(draft))?.[0];
  }

  /** Drops the index if the log has dropped events for want of room. It is made again by the next search. */
  #forgetEvicted(): void {
    const { releasedOffset } = this.log;
    if (releasedOffset === this.#releasedOffset) return;
    this.#releasedOffset = releasedOffset;
    this.#offsets = undefined;
  }

  #index(offsets: Map<string, number[]>, id: string, offset: number): void {
    if (this.log.heldCount === 0) return;
    const known = offsets.get(id);
    if (known === undefined) offsets.set(id, [offset]);
    else known.push(offset);
  }

  /** Forgets the event that the next one displaces; it is the first of its id. */
  #makeRoom(offsets: Map<string, number[]>): void {
    if (!this.log.isFull) return;
    const oldest = this.log.event(this.log.oldestOffset);
    if (oldest === undefined) return;
    const id = idOf(eventParts(oldest).idJson);
    const known = offsets.get(id);
    known?.shift();
    if (known?.length === 0) offsets.delete(id);
  }

  #indexHeld(): Map<string, number[]> {
    const offsets = new Map<string, number[]>();
    for (let offset = this.log.oldestOffset; offset !== 0 && offset <= this.log.newestOffset; offset++) {
      const event = this.log.event(offset);
      if (event !== undefined) this.#index(offsets, idOf(eventParts(event).idJson), offset);
    }
    return offsets;
  }
}
