import type { Event, TopicName } from "./engine.ts";
import { EvictionQueue } from "./eviction-queue.ts";

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

/** Why an event that waited, or was to, did not get to its client's socket. */
export const DROP_REASONS = ["queue full", "slow consumer", "disconnected"] as const;
export type DropReason = (typeof DROP_REASONS)[number];

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

/** The JSON text of a message, as a WebSocket carries it. */
export function textOf(message: Outgoing): string {
  return typeof message === "string" ? message : message.text;
}

function isEvent(message: Outgoing): message is Event {
  return typeof message !== "string";
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
  readonly #messages = new EvictionQueue<Outgoing>(isEvent);
  #bytes = 0;
  #droppedSinceProgress = 0;
  #losses: Map<TopicName, { -readonly [K in keyof Loss]: Loss[K] }> | undefined;

  constructor(limits: OutboxLimits) {
    this.#limits = limits;
  }

  /** How many messages wait. */
  get count(): number {
    return this.#messages.size;
  }

  /** How many bytes wait. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Whether nothing is left to be sent, notices of losses included. */
  get isEmpty(): boolean {
    return this.#messages.size === 0 && this.#losses === undefined;
  }

  /** How many events were lost since the client last took something. */
  get droppedSinceProgress(): number {
    return this.#droppedSinceProgress;
  }

  /** Whether the message can wait without a loss. */
  fits(message: Outgoing): boolean {
    return this.#messages.size < this.#limits.maxMessages && this.#bytes + sizeOf(message) <= this.#limits.maxBytes;
  }

  /** Adds a message whether it fits or not: for one that goes on to the socket at once. */
  push(message: Outgoing): void {
    this.#messages.push(message);
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
    else this.recordLoss(message);
    return this.#droppedSinceProgress >= this.#limits.maxMessages ? "stalled" : "dropped";
  }

  /**
   * Removes and returns the next message for the client; undefined when there is none.
   * @param notice words the notice of a loss, which goes out before the topic's next event, or last of all
   */
  next(notice: (loss: Loss) => string): Outgoing | undefined {
    if (this.#losses !== undefined) {
      const loss = this.#takeLossBefore(this.#messages.peek());
      if (loss !== undefined) return notice(loss);
    }
    const message = this.#messages.shift();
    if (message === undefined) return undefined;
    this.#bytes -= sizeOf(message);
    return message;
  }

  /** Notes that the client took something: it is no longer on its way to being called slow. */
  noteProgress(): void {
    this.#droppedSinceProgress = 0;
  }

  /** Forgets everything that waits, and the losses. The reason is for an outbox that is traced. */
  clear(_reason: DropReason): void {
    this.#messages.clear();
    this.#bytes = 0;
    this.#losses = undefined;
  }

  /** Returns whether there was an event to drop. */
  #dropOldestEvent(): boolean {
    const event = this.#messages.evictOldest();
    if (event === undefined || !isEvent(event)) return false;
    this.#bytes -= event.sizeBytes;
    this.recordLoss(event);
    return true;
  }

  /** Accounts for an event that the client won't get because the outbox is full. */
  protected recordLoss({ topic, offset }: Event): void {
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

  /** The loss that is to be told before this message; with none left to send, any. */
  #takeLossBefore(message: Outgoing | undefined): Loss | undefined {
    if (message === undefined) {
      for (const topic of this.#losses?.keys() ?? []) return this.#takeLoss(topic);
    } else if (typeof message !== "string") {
      return this.#takeLoss(message.topic);
    }
    return undefined;
  }

  #takeLoss(topic: TopicName): Loss | undefined {
    const loss = this.#losses?.get(topic);
    this.#losses?.delete(topic);
    if (this.#losses?.size === 0) this.#losses = undefined;
    return loss;
  }
}
