import type { Clock } from "./clock.ts";
import type { Engine, Event, TopicName } from "./engine.ts";
import type { DropReason } from "./outbox.ts";
import type { TransportKind } from "./transport.ts";

/** The most deliveries that a trace lists. What becomes of further ones is in its totals alone. */
export const MAX_LISTED_DELIVERIES = 1000;

/** Where a delivery stands: in its client's queue, handed to the client's socket, or lost on the way to it. */
export const DELIVERY_STATES = ["queued", "written", "dropped"] as const;
export type DeliveryState = (typeof DELIVERY_STATES)[number];

/** How many deliveries of an event there were, by where they stand, and how many of all came by replay. */
export type DeliveryTotals = Record<DeliveryState | "replayed", number>;

/** One event put into one client's queue. It stands there in the event's place, so that whoever takes it out finds it. */
export class Delivery implements Event {
  /** The session's id. Never the session itself: a trace must not keep alive what has ended. */
  readonly client: number;
  /** The label that its subscription had at the time. */
  readonly clientId: string;
  readonly transport: TransportKind;
  /** Whether it is of the past: the client asked for it when it subscribed. */
  readonly isReplayed: boolean;
  /** When it was put into the queue: for a live one, when its topic took it. Milliseconds since 1970, with fractions. */
  readonly queuedAtMs: number;
  readonly #trace: Trace;
  #state: DeliveryState = "queued";
  #settledAtMs: number | undefined;
  #reason: DropReason | undefined;

  constructor(trace: Trace, client: number, clientId: string, transport: TransportKind) {
    this.#trace = trace;
    this.client = client;
    this.clientId = clientId;
    this.transport = transport;
    this.isReplayed = !trace.isLive;
    // Once for all subscribers: to read the clock costs 40 ns, more than a whole delivery without a trace.
    this.queuedAtMs = trace.isLive ? trace.acceptedAtMs : trace.nowMs();
  }

  get event(): Event {
    return this.#trace.event;
  }

  get topic(): TopicName {
    return this.event.topic;
  }

  get offset(): number {
    return this.event.offset;
  }

  get text(): string {
    return this.event.text;
  }

  get sizeBytes(): number {
    return this.event.sizeBytes;
  }

  get state(): DeliveryState {
    return this.#state;
  }

  /** When it was written or dropped, as `queuedAtMs`; undefined while it waits. */
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
  readonly event: Event;
  readonly totals: DeliveryTotals = { queued: 0, written: 0, dropped: 0, replayed: 0 };
  /** The first deliveries, at most `MAX_LISTED_DELIVERIES`, in the order in which they were queued. */
  readonly deliveries: Delivery[] = [];
  /** Whether it is being handed to those who are subscribed just now. Whoever gets it later gets a replay. */
  isLive = true;
  readonly #clock: Clock;
  /** When its topic took it, as the times of its deliveries. */
  readonly acceptedAtMs: number;
  /** The wall clock when the monotonic one stood at 0: so that times of one trace never go back. */
  readonly #startMs: number;

  constructor(event: Event, clock: Clock) {
    this.event = event;
    this.#clock = clock;
    this.#startMs = clock.wallMs() - clock.monotonicMs();
    this.acceptedAtMs = this.nowMs();
  }

  nowMs(): number {
    return this.#startMs + this.#clock.monotonicMs();
  }

  /** Begins a delivery. */
  add(client: number, clientId: string, transport: TransportKind): Delivery {
    const delivery = new Delivery(this, client, clientId, transport);
    this.totals.queued++;
    if (delivery.isReplayed) this.totals.replayed++;
    if (this.deliveries.length < MAX_LISTED_DELIVERIES) this.deliveries.push(delivery);
    return delivery;
  }
}

/** The trace of an event; undefined where none is kept. */
export function traceOf({ trace }: Event): Trace | undefined {
  return trace instanceof Trace ? trace : undefined;
}

/** The same engine, whose events begin a trace as they are delivered. A trace lasts as long as its event. */
export function traced(engine: Engine, clock: Clock): Engine {
  return {
    open: (topic, deliver, capacity) => {
      const begin = (event: Event) => {
        const trace = new Trace(event, clock);
        event.trace = trace;
        deliver(event);
        trace.isLive = false;
      };
      return engine.open(topic, begin, capacity);
    },
  };
}
