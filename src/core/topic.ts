import type { Position } from "../protocol/messages.ts";
import type { Counters } from "./counters.ts";
import type { Draft, Engine, Event, Stream, TopicName } from "./engine.ts";
import type { Session } from "./session.ts";

/** One session's subscription to one topic. */
export interface Subscription {
  readonly topic: Topic;
  readonly session: Session;
  /** The label that the client gave itself. */
  clientId: string;
  /** When it began, RFC 3339. */
  readonly subscribedAt: string;
  /** Where it stands in its topic's list. The topic writes it. */
  index: number;
}

/** What a joining subscriber gets before anything live, and whether that leaves no gap to what it had. */
export interface Replay {
  readonly events: readonly Event[];
  /** Undefined where no resume was asked for. */
  readonly recovered: boolean | undefined;
}

/** One incarnation of a topic: who subscribed, and the stream of its events. */
export class Topic implements TopicName {
  readonly name: string;
  readonly nameJson: string;
  /** RFC 3339. */
  readonly createdAt: string;
  readonly #stream: Stream;
  readonly #counters: Counters;
  // An array, walked by index: at 1,000 subscribers an iterator's share of a delivery would be seen.
  readonly #subscriptions: Subscription[] = [];
  /** When it goes, in monotonic milliseconds; undefined while it is to stay. The hub decides. */
  expiresAtMs: number | undefined;
  /** Events handed to its subscribers' queues since it began, replays included. */
  deliveredCount = 0;
  /** Whether anybody has ever subscribed: from then on its last subscriber's leaving ends it. */
  wasSubscribed = false;

  /** @param capacity how many events it keeps; undefined: as many as the engine keeps of any topic */
  constructor(name: string, createdAt: string, engine: Engine, counters: Counters, capacity?: number) {
    this.name = name;
    this.nameJson = JSON.stringify(name);
    this.createdAt = createdAt;
    this.#counters = counters;
    this.#stream = engine.open(this, (event) => this.#deliver(event), capacity);
  }

  get epoch(): string {
    return this.#stream.epoch;
  }

  /** The newest event's offset, which is also how many were published to it since it began. */
  get newestOffset(): number {
    return this.#stream.newestOffset;
  }

  /** The offset of the oldest event that can still be replayed; 0 if there is none. */
  get oldestOffset(): number {
    return this.#stream.oldestOffset;
  }

  get subscriberCount(): number {
    return this.#subscriptions.length;
  }

  /** The subscriptions now, as a list of its own: members may leave while it is walked. */
  subscriptions(): Subscription[] {
    return [...this.#subscriptions];
  }

  /** Orders, stores and delivers a publication; see `Stream.publish`. */
  publish(draft: Draft): number | Promise<number> {
    return this.#stream.publish(draft);
  }

  /** The offset of the event with this id, while it is held; see `Stream.find`. */
  find(idJson: string): number | undefined {
    return this.#stream.find(idJson);
  }

  /** What a subscriber that joins now is to get of the past: the last `lastN` events, or all since a position. */
  replay(lastN: number, since: Position | undefined): Replay {
    if (since === undefined) return { events: lastN === 0 ? [] : this.#stream.newest(lastN), recovered: undefined };
    const missed = since.epoch === this.epoch ? this.#stream.after(since.offset) : undefined;
    if (missed !== undefined) return { events: missed, recovered: true };
    return { events: this.#stream.newest(Number.MAX_SAFE_INTEGER), recovered: false };
  }

  /** Counts events that were handed to a subscriber. */
  countDelivered(events: number): void {
    this.#counters.delivered += events;
    this.deliveredCount += events;
  }

  /** The event with this offset; undefined where it is no longer held, or never was. */
  event(offset: number): Event | undefined {
    return this.#stream.after(offset - 1)?.[0];
  }

  join(session: Session, clientId: string, subscribedAt: string): Subscription {
    const index = this.#subscriptions.length;
    const subscription: Subscription = { topic: this, session, clientId, subscribedAt, index };
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

  #deliver(event: Event): void {
    const subscriptions = this.#subscriptions;
    this.#counters.published++;
    this.countDelivered(subscriptions.length);
    // Backwards, because sending may end a session, which then leaves: the last one takes its place, and that one
    // has had its event.
    for (let i = subscriptions.length - 1; i >= 0; i--) subscriptions[i]?.session.send(event);
  }
}
