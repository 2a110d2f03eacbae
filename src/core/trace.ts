import type { Clock } from "./clock.ts";
import type { TransportKind } from "./transport.ts";

/** Why an event that was queued, or was to be, did not get to its client's socket. */
export const DROP_REASONS = ["queue full", "slow consumer", "disconnected"] as const;
export type DropReason = (typeof DROP_REASONS)[number];

/** The most deliveries that a trace lists. Further ones count in its totals alone. */
export const MAX_LISTED_DELIVERIES = 1000;

/** Where a delivery stands: in its client's queue, handed to the client's socket, or lost on the way to it. */
export const DELIVERY_STATES = ["queued", "written", "dropped"] as const;
export type DeliveryState = (typeof DELIVERY_STATES)[number];

/** How many deliveries of an event there were, by where they stand, and how many of all came by replay. */
export type DeliveryTotals = Record<DeliveryState | "replayed", number>;

/** To whom an event is delivered. Never the session itself: a trace must not keep alive what has ended. */
export interface Recipient {
  /** The session's id. */
  readonly client: number;
  /** The label that its subscription had at the time. */
  readonly clientId: string;
  readonly transport: TransportKind;
}

/** One event put into one client's queue. */
export class Delivery {
  readonly recipient: Recipient;
  /** Whether it is of the past: the client asked for it when it subscribed. */
  readonly isReplayed: boolean;
  /** When it was queued: for a live event, when its topic accepted it. Milliseconds since 1970, with fractions. */
  readonly queuedAtMs: number;
  readonly #trace: Trace;
  #state: DeliveryState = "queued";
  #settledAtMs: number | undefined;
  #reason: DropReason | undefined;

  constructor(trace: Trace, recipient: Recipient, isReplayed: boolean) {
    this.#trace = trace;
    this.recipient = recipient;
    this.isReplayed = isReplayed;
    this.queuedAtMs = isReplayed ? trace.nowMs() : trace.acceptedAtMs;
  }

  get state(): DeliveryState {
    return this.#state;
  }

  /** When it was written or dropped, as `queuedAtMs`; undefined while it is queued. */
  get settledAtMs(): number | undefined {
    return this.#settledAtMs;
  }

  /** Why it was dropped, if it was. */
  get reason(): DropReason | undefined {
    return this.#reason;
  }

  /** Notes that the client's socket is given it. */
  written(): void {
    this.#settle("written");
  }

  /** Notes that the client won't get it. */
  dropped(reason: DropReason): void {
    this.#reason = reason;
    this.#settle("dropped");
  }

  #settle(state: DeliveryState): void {
    const { totals } = this.#trace;
    totals[this.#state]--;
    totals[state]++;
    this.#state = state;
    this.#settledAtMs = this.#trace.nowMs();
  }
}

/** What became of one event. */
export class Trace {
  readonly totals: DeliveryTotals = { queued: 0, written: 0, dropped: 0, replayed: 0 };
  /** The first deliveries, at most `MAX_LISTED_DELIVERIES`, in the order in which they were queued. */
  readonly deliveries: Delivery[] = [];
  /** When its topic accepted it, as the times of its deliveries. */
  readonly acceptedAtMs: number;
  readonly #clock: Clock;
  /** The wall clock when the monotonic one stood at 0: so that times of one trace never go back. */
  readonly #startMs: number;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#startMs = clock.wallMs() - clock.monotonicMs();
    this.acceptedAtMs = this.nowMs();
  }

  nowMs(): number {
    return this.#startMs + this.#clock.monotonicMs();
  }

  /** Starts a delivery. */
  add(recipient: Recipient, isReplayed: boolean): Delivery {
    const delivery = new Delivery(this, recipient, isReplayed);
    this.totals.queued++;
    if (isReplayed) this.totals.replayed++;
    if (this.deliveries.length < MAX_LISTED_DELIVERIES) this.deliveries.push(delivery);
    return delivery;
  }
}

/** The part of a subscription that traces need. */
export interface TracedSubscription {
  readonly clientId: string;
  readonly topic: { trace(offset: number): Trace | undefined };
}

/** The traces of the events that a topic's log holds. */
export class Traces {
  readonly #clock: Clock;
  readonly #byOffset = new Map<number, Trace>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /**
   * Starts the trace of an event, and forgets those of events that are no longer held.
   * @param oldestOffset the first event that is held; the one behind the newest where none is
   */
  start(offset: number, oldestOffset: number): void {
    this.#byOffset.set(offset, new Trace(this.#clock));
    for (const oldest of this.#byOffset.keys()) {
      if (oldest >= oldestOffset) break;
      this.#byOffset.delete(oldest);
    }
  }

  get(offset: number): Trace | undefined {
    return this.#byOffset.get(offset);
  }
}
