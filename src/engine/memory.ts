import type { Timestamps } from "../core/clock.ts";
import { detachText } from "../core/detach-text.ts";
import type { Draft, TopicName } from "../core/draft.ts";
import type { Engine, Stream } from "../core/engine.ts";
import { HistoryBudget } from "../core/history-budget.ts";
import { Log } from "../core/log.ts";
import { eventParts } from "../protocol/encode.ts";
import { stringValue } from "../protocol/spans.ts";
import { IdIndex } from "./id-index.ts";

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
  #ids: IdIndex | undefined;

  constructor(log: Log, timestamps: Timestamps, appended: () => void) {
    this.log = log;
    this.#timestamps = timestamps;
    this.#appended = appended;
  }

  publish(draft: Draft): number {
    const offset = this.log.append(draft, this.#timestamps.end());
    if (this.#ids !== undefined) {
      this.#ids.add(idOfDraft(draft), offset);
      this.#forgetDropped(this.#ids);
    }
    this.#appended();
    return offset;
  }

  find(draft: Draft): number | undefined {
    this.#ids ??= this.#indexHeld();
    this.#forgetDropped(this.#ids);
    return this.#ids.first(idOfDraft(draft));
  }

  /** Forgets the events that the log no longer holds: newer ones took their place, or all logs together were too large. */
  #forgetDropped(ids: IdIndex): void {
    const { heldCount, newestOffset } = this.log;
    ids.forgetBefore(newestOffset - heldCount + 1);
  }

  #indexHeld(): IdIndex {
    const ids = new IdIndex();
    const { heldCount, topic } = this.log;
    this.log.last(heldCount)?.forEachEvent((bytes, start, end, offset) => {
      const { idJson } = eventParts({ topic, offset, text: bytes.toString("utf8", start, end) });
      // The id would keep the text of its event alive.
      ids.add(detachText(idOf(idJson)), offset);
    });
    return ids;
  }
}
