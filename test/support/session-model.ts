import assert from "node:assert/strict";
import { encodeError } from "../../src/protocol/encode.ts";
import { frameHeaderLength } from "../../src/websocket/frame.ts";

// A client's queue as it would be without ranges: one list of messages, searched and spliced.

/** One incarnation of a topic. */
export interface Incarnation {
  readonly epoch: string;
  readonly name: string;
  /** The events' texts, and how long they are as frames; the one with offset 1 stands first. */
  readonly texts: string[];
  readonly sizesBytes: number[];
}

interface EventItem {
  readonly kind: "event";
  readonly of: Incarnation;
  readonly offset: number;
  readonly sizeBytes: number;
}

interface ReplyItem {
  readonly kind: "reply";
  readonly text: string;
  readonly sizeBytes: number;
  /** The incarnation whose losses must be reported before it. */
  readonly after: Incarnation | undefined;
}

type Item = EventItem | ReplyItem;

/** What a client is sent next. */
export type Sent =
  | { readonly kind: "reply"; readonly text: string }
  | { readonly kind: "event"; readonly text: string; readonly of: Incarnation; readonly offset: number }
  | {
      readonly kind: "loss";
      readonly of: Incarnation;
      readonly dropped: number;
      readonly from: number;
      readonly to: number;
    };

interface ModelLoss {
  dropped: number;
  from: number;
  to: number;
}

/** What became of the deliveries of one event, over all clients. */
export interface Tally {
  queued: number;
  written: number;
  dropped: number;
  replayed: number;
}

/** Counts deliveries, as traces must. */
export class Tallies {
  readonly #byEvent = new Map<string, Tally>();

  of({ epoch }: Incarnation, offset: number): Tally {
    const key = `${epoch} ${offset}`;
    const tally = this.#byEvent.get(key) ?? { queued: 0, written: 0, dropped: 0, replayed: 0 };
    this.#byEvent.set(key, tally);
    return tally;
  }
}

export interface Bounds {
  readonly maxMessages: number;
  readonly maxBytes: number;
}

/** The length of a text as a frame, in bytes. */
export function frameLength(text: string): number {
  const length = Buffer.byteLength(text);
  return frameHeaderLength(length) + length;
}

/** One client as the server must treat it. */
export class ClientModel {
  /** By topic name: what it is subscribed to, and the first event that it was not given. */
  readonly subscriptions = new Map<string, { readonly of: Incarnation; next: number }>();
  /** How many events of an incarnation were dropped. */
  readonly lost = new Map<Incarnation, number>();
  droppedSinceProgress = 0;
  troubledSinceMs: number | undefined;
  /** How many messages came since the server last held the queue to its bounds. */
  arrived = 0;
  hasProgressed = false;
  isSlow = false;
  /** What is left of the messages that were queued then. */
  #earlierCount = 0;
  #earlierBytes = 0;
  /** To what the queue was held, if something was dropped. */
  #appliedBounds: Bounds | undefined;
  #queue: Item[] = [];
  #bytes = 0;
  readonly #losses = new Map<Incarnation, ModelLoss>();
  readonly #bounds: Bounds;
  readonly #tallies: Tallies;

  constructor(bounds: Bounds, tallies: Tallies) {
    this.#bounds = bounds;
    this.#tallies = tallies;
  }

  get count(): number {
    return this.#queue.length;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get hasEvents(): boolean {
    return this.#queue.some(({ kind }) => kind === "event");
  }

  /** Whether it is over so many times its bounds. */
  exceeds(factor: number): boolean {
    const { maxBytes, maxMessages } = this.#appliedBounds ?? this.#boundsNow();
    return this.count > factor * maxMessages || this.bytes > factor * maxBytes;
  }

  reply(text: string, sizeBytes: number, after?: Incarnation): void {
    this.#push({ kind: "reply", text, sizeBytes, after });
  }

  /** Gives it all events of a subscription that it was not given. */
  settle(name: string): void {
    const subscription = this.subscriptions.get(name);
    if (subscription === undefined) return;
    const { next, of } = subscription;
    this.#pushEvents(of, next, false, new Set());
    subscription.next = of.texts.length + 1;
  }

  /** Replays from an offset on, in place of what is queued of it; `ack` goes in front. */
  replay(of: Incarnation, from: number, ack: string): void {
    const withdrawn = new Set<number>();
    this.#queue = this.#queue.filter((item) => {
      const isReplayed = item.kind === "event" && item.of === of && item.offset >= from;
      if (isReplayed) {
        withdrawn.add(item.offset);
        this.#bytes -= item.sizeBytes;
      }
      return !isReplayed;
    });
    this.reply(ack, ack.length);
    this.#pushEvents(of, from, true, withdrawn);
  }

  /** Removes and returns what the client must be sent next; undefined when there is nothing. */
  next(): Sent | undefined {
    const first = this.#queue[0];
    const concerned = first?.kind === "event" ? first.of : first?.after;
    const of = first === undefined ? [...this.#losses.keys()][0] : concerned;
    const loss = of && this.#losses.get(of);
    if (of !== undefined && loss !== undefined) {
      this.#losses.delete(of);
      return { kind: "loss", of, ...loss };
    }
    this.#queue.shift();
    this.#earlierCount = Math.max(0, this.#earlierCount - 1);
    this.#earlierBytes = Math.max(0, this.#earlierBytes - (first?.sizeBytes ?? 0));
    this.#bytes -= first?.sizeBytes ?? 0;
    if (first?.kind !== "event") return first && { kind: "reply", text: first.text };
    const tally = this.#tallies.of(first.of, first.offset);
    tally.queued--;
    tally.written++;
    return { kind: "event", text: first.of.texts[first.offset - 1] ?? "", of: first.of, offset: first.offset };
  }

  /** Drops the oldest events; none more than the bounds demand. */
  drop(count: number, nowMs: number): void {
    this.#appliedBounds = this.#boundsNow();
    for (let i = 0; i < count; i++) {
      assert.ok(this.exceeds(1), "more was dropped than the bounds demand");
      const at = this.#queue.findIndex(({ kind }) => kind === "event");
      const [item] = this.#queue.splice(at, 1);
      if (at < 0 || item?.kind !== "event") throw new Error("there was no event to drop");
      this.#bytes -= item.sizeBytes;
      this.#lose(item);
    }
    if (!this.hasProgressed) this.droppedSinceProgress += count;
    this.troubledSinceMs ??= nowMs;
  }

  /** Notes that the socket has taken something. */
  progress(): void {
    this.droppedSinceProgress = 0;
    this.troubledSinceMs = undefined;
    this.hasProgressed = true;
  }

  /** Notes that the server has held the queue to its bounds. */
  judged(): void {
    this.arrived = 0;
    this.hasProgressed = false;
    this.#earlierCount = this.count;
    this.#earlierBytes = this.bytes;
    this.#appliedBounds = undefined;
  }

  /** Forgets all; a slow consumer is sent one last error. */
  clear(): void {
    for (const item of this.#queue) {
      if (item.kind !== "event") continue;
      const tally = this.#tallies.of(item.of, item.offset);
      tally.queued--;
      tally.dropped++;
    }
    this.#queue = [];
    this.#bytes = 0;
    this.#losses.clear();
    this.subscriptions.clear();
  }

  endAsSlow(why: string, ts: string): void {
    this.clear();
    this.isSlow = true;
    const text = encodeError(undefined, "SLOW_CONSUMER", `the client does not read: ${why}`, ts);
    this.reply(text, text.length);
  }

  #push(item: Item): void {
    this.#queue.push(item);
    this.#bytes += item.sizeBytes;
    this.arrived++;
  }

  /** The bounds of the options, or what came meanwhile if the client has read. */
  #boundsNow(): Bounds {
    const { maxBytes, maxMessages } = this.#bounds;
    if (!this.hasProgressed) return this.#bounds;
    return {
      maxMessages: Math.max(maxMessages, this.count - this.#earlierCount),
      maxBytes: Math.max(maxBytes, this.bytes - this.#earlierBytes),
    };
  }

  #pushEvents(of: Incarnation, from: number, isReplay: boolean, withdrawn: ReadonlySet<number>): void {
    for (let offset = from; offset <= of.texts.length; offset++) {
      const sizeBytes = of.sizesBytes[offset - 1] ?? 0;
      this.#push({ kind: "event", of, offset, sizeBytes });
      const tally = this.#tallies.of(of, offset);
      tally.queued++;
      // What a replay has only moved is the same delivery as before.
      if (withdrawn.has(offset)) tally.queued--;
      else if (isReplay) tally.replayed++;
    }
  }

  #lose({ of, offset }: EventItem): void {
    const tally = this.#tallies.of(of, offset);
    tally.queued--;
    tally.dropped++;
    this.lost.set(of, (this.lost.get(of) ?? 0) + 1);
    const loss = this.#losses.get(of) ?? { dropped: 0, from: offset, to: offset };
    loss.dropped++;
    loss.from = Math.min(loss.from, offset);
    loss.to = Math.max(loss.to, offset);
    this.#losses.set(of, loss);
  }
}
