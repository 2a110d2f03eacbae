import { Timestamps } from "../../src/core/clock.ts";
import { draftOf } from "../../src/core/draft.ts";
import { Hub, type HubObserver, type HubOptions } from "../../src/core/hub.ts";
import type { Session } from "../../src/core/session.ts";
import { MemoryEngine } from "../../src/engine/memory.ts";
import { encodeSubscribeAck } from "../../src/protocol/encode.ts";
import { Refusal } from "../../src/protocol/errors.ts";
import type { Position } from "../../src/protocol/messages.ts";
import { FakeClock } from "./fake-clock.ts";
import { FakeTransport } from "./fake-transport.ts";

/** One client of a `HubUnderTest`. */
export interface FakeClient {
  readonly session: Session;
  readonly transport: FakeTransport;
}

/** Notes, as short lines, what a hub reports. */
class Recorder implements HubObserver {
  readonly lines: string[] = [];
  topicCreated: HubObserver["topicCreated"] = (topic, origin) =>
    void this.lines.push(`created ${topic.name}: ${origin}`);
  topicRemoved: HubObserver["topicRemoved"] = (topic, why) => void this.lines.push(`removed ${topic.name}: ${why}`);
  slowConsumer: HubObserver["slowConsumer"] = (session, why) => void this.lines.push(`slow ${session.id}: ${why}`);
  messagesDropped: HubObserver["messagesDropped"] = (session, n) => void this.lines.push(`dropped ${session.id}: ${n}`);
  sessionFailed: HubObserver["sessionFailed"] = (session, error) =>
    void this.lines.push(`failed ${session.id}: ${error}`);
}

const DEFAULTS: HubOptions = {
  queue: { maxMessages: 10, maxBytes: 100_000 },
  writeWaitMs: 1000,
  autoCreateTopics: true,
  topicTtlMs: 0,
  idleTopicTtlMs: 60_000,
  historyLingerMs: 0,
  maxTopics: 100,
  maxSubscriptions: 10,
  trace: false,
};

export const RING_CAPACITY = 5;

/** How much a `HubUnderTest` keeps. */
export interface HistoryOptions {
  /** Events of a topic. */
  readonly ringCapacity?: number;
  /** Memory of all topics' events; no bound where it is left out. */
  readonly maxBytes?: number;
}

/** A hub with nothing real around it: the clock and the end of a tick are the test's. */
export class HubUnderTest {
  readonly clock = new FakeClock();
  readonly recorder = new Recorder();
  readonly hub: Hub;
  #deferred: (() => void)[] = [];
  #epochs = 0;

  constructor(options: Partial<HubOptions> = {}, history: HistoryOptions = {}) {
    const { maxBytes, ringCapacity = RING_CAPACITY } = history;
    const timestamps = new Timestamps(this.clock);
    this.hub = new Hub(
      { ...DEFAULTS, ...options },
      {
        engine: new MemoryEngine(ringCapacity, timestamps, () => `epoch-${++this.#epochs}`, maxBytes),
        clock: this.clock,
        timestamps,
        observer: this.recorder,
        defer: (run) => void this.#deferred.push(run),
      },
    );
  }

  /** What the hub reported since the last look. */
  told(): string[] {
    return this.recorder.lines.splice(0);
  }

  connect(...topics: readonly string[]): FakeClient {
    const transport = new FakeTransport();
    const session = this.hub.connect(transport);
    for (const topic of topics) this.subscribe(session, topic);
    return { session, transport };
  }

  /** Subscribes as the label `c`, and returns what the ack reports and what is replayed; throws where refused. */
  subscribe(session: Session, topic: string, wish: { lastN?: number; since?: Position } = {}) {
    const { joined, replay } = this.#subscribe(session, topic, "c", wish);
    const offsets: number[] = [];
    replay?.forEachFrame((_bytes, _start, _end, offset) => offsets.push(offset));
    return { ...joined, replay: offsets };
  }

  /** Subscribes as the dispatcher does: sends the ack, then what is replayed. */
  join(session: Session, topic: string, wish: { lastN?: number; since?: Position; clientId?: string } = {}) {
    const subscribed = this.#subscribe(session, topic, wish.clientId ?? "c", wish);
    const { joined, replay, subscription } = subscribed;
    session.send(encodeSubscribeAck(undefined, subscription.topic.nameJson, joined, "2025-01-15T10:00:00.000Z"));
    if (replay !== undefined) session.deliver(replay, subscription, true);
    return subscribed;
  }

  /** Publishes `count` times; the payload is padded to the given size. */
  publish(topic: string, count = 1, payloadSize = 1): void {
    const draft = draftOf('"m"', `"${"p".repeat(payloadSize)}"`);
    for (let i = 0; i < count; i++) {
      const result = this.hub.publish(topic, draft, { dedupe: false });
      if (result instanceof Refusal) throw new Error(`${result.code}: ${result.message}`);
    }
  }

  /** Lets the event loop turn until all that is queued was flushed. */
  endTick(): void {
    while (this.#deferred.length > 0) for (const run of this.#deferred.splice(0)) run();
  }

  /** Lets time pass, then sweeps the hub. */
  pass(ms: number): void {
    this.clock.advance(ms);
    this.hub.sweep();
    this.endTick();
  }

  #subscribe(session: Session, topic: string, clientId: string, wish: { lastN?: number; since?: Position }) {
    const result = this.hub.subscribe(session, { topic, clientId, lastN: wish.lastN ?? 0, since: wish.since });
    if (result instanceof Refusal) throw new Error(`${result.code}: ${result.message}`);
    return result;
  }

  topicNames(): string[] {
    return [...this.hub.topics()].map((topic) => topic.name);
  }
}

/** A subscriber of the topic `a` whose socket is full since an earlier turn, so that its queue fills. */
export function connectFull(options: Partial<HubOptions> = {}) {
  const under = new HubUnderTest(options);
  const { session, transport } = under.connect("a");
  transport.room = 0;
  // Goes into the socket's own buffer, which is then not empty.
  under.publish("a");
  under.endTick();
  return { session, transport, under };
}

/** What a client was sent, in short: `orders 3` for an event, `dropped 1-2 (2)` for a loss, else the code or type. */
export function brief(transport: FakeTransport): string[] {
  return transport.texts.map((text) => {
    const { error, info, offset, topic, type } = JSON.parse(text);
    if (type === "event") return `${topic} ${offset}`;
    if (info?.code === "MESSAGES_DROPPED") return `dropped ${info.from_offset}-${info.to_offset} (${info.dropped})`;
    return info?.code ?? error?.code ?? type;
  });
}
