import type { EncodedEvent } from "../protocol/encode.ts";
import type { Position } from "../protocol/messages.ts";
import type { Counters } from "./counters.ts";
import type { Draft, TopicName } from "./draft.ts";
import type { Engine, Stream } from "./engine.ts";
import type { FlushQueue } from "./flush-queue.ts";
import type { Log } from "./log.ts";
import type { Range } from "./range.ts";
import type { Session } from "./session.ts";
import type { Trace, Traces } from "./trace.ts";

/** One session's subscription to one topic. */
export interface Subscription {
  readonly topic: Topic;
  readonly session: Session;
  /** The label that the client gave itself. */
  clientId: string;
  /** When it was made, RFC 3339. */
  readonly subscribedAt: string;
  /** The first event that the session has not been given. */
  nextOffset: number;
  /** Where it stands in its topic's list. The topic writes it. */
  index: number;
}

/** What a joining subscriber gets before anything live, and whether that leaves no gap to what it had. */
export interface Replay {
  /** Undefined where there is nothing to replay. */
  readonly range: Range | undefined;
  /** Undefined where no resume was asked for. */
  readonly recovered: boolean | undefined;
}

/** What a topic works with. */
export interface TopicDeps {
  readonly engine: Engine;
  readonly counters: Counters;
  readonly flushQueue: Pick<FlushQueue, "addTopic" | "noteWrite">;
  /** Undefined where traces are not kept. */
  readonly traces: Traces | undefined;
}

/** How long a topic stays once it has no subscriber, in milliseconds; `never`: until it is deleted. */
export type TopicTtl = number | "never";

/** One incarnation of a topic: its subscriptions, and the log of its events. */
export class Topic implements TopicName {
  readonly name: string;
  readonly nameJson: string;
  /** RFC 3339. */
  readonly createdAt: string;
  readonly #stream: Stream;
  readonly #deps: TopicDeps;
  // An array, walked by index: at 1,000 subscribers an iterator's share of a delivery would be seen.
  readonly #subscriptions: Subscription[] = [];
  /** The events that are still to be handed to subscribers; undefined while there are none. */
  #unflushed: Range | undefined;
  /** What the flush that is under way has handed to them. */
  #flushed: Range | undefined;
  /** When it expires, in monotonic milliseconds; undefined while it is to stay. The hub decides. */
  expiresAtMs: number | undefined;
  /** Its own time to live; undefined: the hub's. */
  ttl: TopicTtl | undefined;
  /** Whether it lives by its publications, because nobody has subscribed since a publish created or revived it. */
  isIdle = false;
  /** Whether anybody has ever subscribed: from then on it does not outlive its last subscriber. */
  wasSubscribed = false;
  /** Events handed to its subscribers' queues, replays included. */
  deliveredCount = 0;

  /** @param capacity how many events it keeps; undefined: as many as the engine keeps of any topic */
  constructor(name: string, createdAt: string, deps: TopicDeps, capacity?: number) {
    this.name = name;
    this.nameJson = JSON.stringify(name);
    this.createdAt = createdAt;
    this.#deps = deps;
    this.#stream = deps.engine.open(this, () => this.#appended(), capacity);
  }

  get log(): Log {
    return this.#stream.log;
  }

  get epoch(): string {
    return this.log.epoch;
  }

  /** The newest event's offset, which is also how many were published to it. */
  get newestOffset(): number {
    return this.log.newestOffset;
  }

  /** The offset of the oldest event that can still be replayed; 0 if there is none. */
  get oldestOffset(): number {
    return this.log.oldestOffset;
  }

  get subscriberCount(): number {
    return this.#subscriptions.length;
  }

  /** The subscriptions now, as a list of its own: members may leave while it is walked. */
  subscriptions(): Subscription[] {
    return [...this.#subscriptions];
  }

  /** Orders and stores a publication; see `Stream.publish`. Subscribers get it at the next flush. */
  publish(draft: Draft): number | Promise<number> {
    return this.#stream.publish(draft);
  }

  /** The offset of the event with the draft's id, while it is held; see `Stream.find`. */
  find(draft: Draft): number | undefined {
    return this.#stream.find(draft);
  }

  /** What a subscriber that joins now is to get of the past: the last `lastN` events, or all since a position. */
  replay(lastN: number, since: Position | undefined): Replay {
    const { log } = this;
    if (since === undefined) return { range: log.last(lastN), recovered: undefined };
    if (since.epoch === log.epoch && log.holdsAllAfter(since.offset)) {
      return { range: log.last(log.newestOffset - since.offset), recovered: true };
    }
    return { range: log.last(log.heldCount), recovered: false };
  }

  /** Counts events that were handed to subscribers. */
  countDelivered(events: number): void {
    this.#deps.counters.delivered += events;
    this.deliveredCount += events;
  }

  /** The event with this offset; undefined where it is not held. */
  event(offset: number): EncodedEvent | undefined {
    return this.log.event(offset);
  }

  /** The trace of an event; undefined where it is not held, or traces are not kept. */
  trace(offset: number): Trace | undefined {
    return this.#deps.traces?.get(offset);
  }

  join(session: Session, clientId: string, subscribedAt: string): Subscription {
    const nextOffset = this.newestOffset + 1;
    const index = this.#subscriptions.length;
    const subscription: Subscription = { topic: this, session, clientId, subscribedAt, nextOffset, index };
    this.#subscriptions.push(subscription);
    this.wasSubscribed = true;
    return subscription;
  }

  leave(subscription: Subscription): void {
    const last = this.#subscriptions.pop();
    if (last === undefined || last === subscription) return;
    this.#subscriptions[subscription.index] = last;
    last.index = subscription.index;
  }

  /**
   * Hands to each subscriber what was appended since the last flush.
   * @param isAlone whether no other topic is flushed in this round
   */
  flush(isAlone: boolean): void {
    const unflushed = this.#unflushed;
    if (unflushed === undefined) return;
    this.#unflushed = undefined;
    const range = this.log.extended(unflushed);
    this.#flushed = range;
    let delivered = 0;
    const { flushQueue } = this.#deps;
    const subscriptions = this.#subscriptions;
    for (let i = 0; i < subscriptions.length; i++) {
      const subscription = subscriptions[i];
      if (subscription === undefined) continue;
      const rest = notGiven(range, subscription);
      if (rest === undefined) continue;
      subscription.nextOffset = range.toOffset + 1;
      delivered += rest.count;
      if (subscription.session.deliverAtFlush(rest, subscription, isAlone)) flushQueue.noteWrite();
      // A transport that failed may have ended its subscription, and another one has taken the place.
      if (subscriptions[i] !== subscription) i--;
    }
    this.countDelivered(delivered);
  }

  /** Lets go of what was encoded for the sessions that have written: blocked ones may keep the range for long. */
  endFlush(): void {
    this.#flushed?.forgetShared();
    this.#flushed = undefined;
    if (this.#unflushed === undefined) this.log.flushed();
  }

  /** Hands to one subscriber what it would get at the next flush, because what follows must stand behind it. */
  settle(subscription: Subscription): void {
    if (this.#unflushed === undefined) return;
    const range = this.log.extended(this.#unflushed);
    const rest = notGiven(range, subscription);
    if (rest === undefined) return;
    subscription.nextOffset = range.toOffset + 1;
    this.countDelivered(rest.count);
    subscription.session.deliver(rest, subscription, false);
  }

  /** Lets go of its events once it is removed for good and nobody is subscribed to it. */
  end(): void {
    this.#unflushed = undefined;
    this.log.release();
  }

  #appended(): void {
    this.#deps.counters.published++;
    const { log } = this;
    this.#deps.traces?.start(log.newestOffset, log.newestOffset - log.heldCount + 1);
    if (this.#unflushed !== undefined) return;
    if (this.#subscriptions.length === 0) {
      log.flushed();
      return;
    }
    this.#unflushed = log.newest();
    this.#deps.flushQueue.addTopic(this);
  }
}

/** What a subscriber has not been given of a range that ends with the newest event. */
function notGiven(range: Range, { nextOffset }: Subscription): Range | undefined {
  return nextOffset <= range.fromOffset ? range : range.skip(nextOffset - range.fromOffset);
}
