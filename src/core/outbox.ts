import type { Event, TopicName } from "./engine.ts";

/** What waits for a client: an event, which may be dropped, or the text of an answer or notice, which may not. */
export type Outgoing = Event | string;

/** How a message fared that was offered to a full or not so full outbox. */
export type Verdict =
  /** It waits its turn, and nothing was lost. */
  | "queued"
  /** An event was lost: the oldest one, or this one where it could not be otherwise. */
  | "dropped"
  /** As `dropped`, and a whole further queue has now been lost since the client last took anything. */
  | "stalled"
  /** An answer found no room, with no event left that could make some. */
  | "full";

/** Events of one topic that a client lost: how many, and the first and the last offset among them. */
export interface Loss {
  readonly topic: TopicName;
  readonly dropped: number;
  readonly fromOffset: number;
  readonly toOffset: number;
}

/** The bounds of an outbox. */
export interface OutboxLimits {
  /** The most messages that wait (`-max-queue-size`). */
  readonly maxMessages: number;
  /** The most bytes that wait (`-max-queue-bytes`); an answer counts its characters. */
  readonly maxBytes: number;
}

function sizeOf(message: Outgoing): number {
  return typeof message === "string" ? message.length : message.sizeBytes;
}

/**
 * The bounded queue of one client. When it is full, the oldest event makes room for the newest; what was lost is
 * accounted for exactly, and told before the topic's next event. It never touches a socket: the session acts on
 * its verdicts (specification rulings, section 4).
 */
export class Outbox {
  readonly #limits: OutboxLimits;
  /** Messages in order; one that was taken or dropped leaves a hole, so that neither costs any shifting. */
  #items: (Outgoing | undefined)[] = [];
  #head = 0;
  /** No event stands in `#items` before this index: where the search for the oldest one goes on. */
  #oldestEvent = 0;
  #count = 0;
  #bytes = 0;
  #droppedSinceProgress = 0;
  #losses: Map<TopicName, { -readonly [K in keyof Loss]: Loss[K] }> | undefined;

  constructor(limits: OutboxLimits) {
    this.#limits = limits;
  }

  /** How many messages wait. */
  get count(): number {
    return this.#count;
  }

  /** How many bytes wait. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Whether nothing is left to be sent, notices of losses included. */
  get isEmpty(): boolean {
    return this.#count === 0 && this.#losses === undefined;
  }

  /** How many events were lost since the client last took something. */
  get droppedSinceProgress(): number {
    return this.#droppedSinceProgress;
  }

  /** Whether the message can wait without a loss. */
  fits(message: Outgoing): boolean {
    return this.#count < this.#limits.maxMessages && this.#bytes + sizeOf(message) <= this.#limits.maxBytes;
  }

  /** Adds a message whether it fits or not: for one that goes on to the socket at once. */
  push(message: Outgoing): void {
    this.#compact();
    this.#items.push(message);
    this.#count++;
    this.#bytes += sizeOf(message);
  }

  /** Adds a message within the bounds, at the cost of the oldest events where it must be. */
  offer(message: Outgoing): Verdict {
    if (this.fits(message)) {
      this.push(message);
      return "queued";
    }
    if (sizeOf(message) <= this.#limits.maxBytes) {
      while (!this.fits(message) && this.#dropOldestEvent()) {}
    }
    if (this.fits(message)) this.push(message);
    else if (typeof message === "string") return "full";
    else this.#recordLoss(message);
    return this.#droppedSinceProgress >= this.#limits.maxMessages ? "stalled" : "dropped";
  }

  /**
   * Removes and returns the next text for the client; undefined when there is none.
   * @param notice words the notice of a loss, which goes out before the topic's next event, or last of all
   */
  next(notice: (loss: Loss) => string): string | undefined {
    while (this.#head < this.#items.length) {
      const message = this.#items[this.#head];
      if (message === undefined) {
        this.#head++;
        continue;
      }
      if (typeof message !== "string" && this.#losses !== undefined) {
        const loss = this.#takeLoss(message.topic);
        if (loss !== undefined) return notice(loss);
      }
      this.#items[this.#head++] = undefined;
      this.#count--;
      if (typeof message === "string") {
        this.#bytes -= message.length;
        return message;
      }
      this.#bytes -= message.sizeBytes;
      return message.text;
    }
    this.#reset();
    for (const topic of this.#losses?.keys() ?? []) {
      const loss = this.#takeLoss(topic);
      if (loss !== undefined) return notice(loss);
    }
    return undefined;
  }

  /** Notes that the client took something: it is no longer on its way to being called slow. */
  noteProgress(): void {
    this.#droppedSinceProgress = 0;
  }

  /** Forgets everything that waits, and the losses. */
  clear(): void {
    this.#reset();
    this.#losses = undefined;
  }

  #reset(): void {
    this.#items.length = 0;
    this.#head = 0;
    this.#oldestEvent = 0;
    this.#count = 0;
    this.#bytes = 0;
  }

  /** Returns whether there was an event to drop. */
  #dropOldestEvent(): boolean {
    for (let at = Math.max(this.#oldestEvent, this.#head); at < this.#items.length; at++) {
      const message = this.#items[at];
      if (message === undefined || typeof message === "string") continue;
      this.#items[at] = undefined;
      this.#oldestEvent = at + 1;
      this.#count--;
      this.#bytes -= message.sizeBytes;
      this.#recordLoss(message);
      return true;
    }
    this.#oldestEvent = this.#items.length;
    return false;
  }

  #recordLoss({ topic, offset }: Event): void {
    this.#droppedSinceProgress++;
    this.#losses ??= new Map();
    const loss = this.#losses.get(topic);
    if (loss === undefined) {
      this.#losses.set(topic, { topic, dropped: 1, fromOffset: offset, toOffset: offset });
    } else {
      loss.dropped++;
      loss.fromOffset = Math.min(loss.fromOffset, offset);
      loss.toOffset = Math.max(loss.toOffset, offset);
    }
  }

  #takeLoss(topic: TopicName): Loss | undefined {
    const loss = this.#losses?.get(topic);
    this.#losses?.delete(topic);
    if (this.#losses?.size === 0) this.#losses = undefined;
    return loss;
  }

  /** Closes the holes once they outnumber the messages, so that memory follows the bounds: a queue may never run dry. */
  #compact(): void {
    if (this.#items.length <= 2 * this.#count + 16) return;
    this.#items = this.#items.slice(this.#head).filter((message) => message !== undefined);
    this.#head = 0;
    this.#oldestEvent = 0;
  }
}
