import { Timestamps } from "../../src/core/clock.ts";
import { Hub, type HubObserver, type HubOptions } from "../../src/core/hub.ts";
import type { Session } from "../../src/core/session.ts";
import { MemoryEngine } from "../../src/engine/memory.ts";
import { Refusal } from "../../src/protocol/errors.ts";
import { FakeClock } from "./fake-clock.ts";
import { FakeTransport } from "./fake-transport.ts";

/** One client of a `HubUnderTest`. */
export interface FakeClient {
  readonly session: Session;
  readonly transport: FakeTransport;
}

/** Writes down, as short lines, what a hub tells. */
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
  outbox: { maxMessages: 10, maxBytes: 100_000 },
  writeWaitMs: 1000,
  autoCreateTopics: true,
  topicTtlMs: 0,
  idleTopicTtlMs: 60_000,
  maxTopics: 100,
  maxSubscriptions: 10,
  trace: false,
};

export const RING_CAPACITY = 5;

/** A hub with nothing real around it: the clock and the end of a tick are the test's. */
export class HubUnderTest {
  readonly clock = new FakeClock();
  readonly recorder = new Recorder();
  readonly hub: Hub;
  #deferred: (() => void)[] = [];
  #epochs = 0;

  constructor(options: Partial<HubOptions> = {}) {
    const timestamps = new Timestamps(this.clock);
    this.hub = new Hub(
      { ...DEFAULTS, ...options },
      {
        engine: new MemoryEngine(RING_CAPACITY, timestamps, () => `epoch-${++this.#epochs}`),
        clock: this.clock,
        timestamps,
        observer: this.recorder,
        defer: (run) => void this.#deferred.push(run),
      },
    );
  }

  /** What the hub told since the last look. */
  told(): string[] {
    return this.recorder.lines.splice(0);
  }

  connect(...topics: readonly string[]): FakeClient {
    const transport = new FakeTransport();
    const session = this.hub.connect(transport);
    for (const topic of topics) this.subscribe(session, topic);
    return { session, transport };
  }

  /** Subscribes as the label `c`, and returns what the subscriber is told and replayed; throws where refused. */
  subscribe(session: Session, topic: string, wish: { lastN?: number; since?: { epoch: string; offset: number } } = {}) {
    const result = this.hub.subscribe(session, { topic, clientId: "c", lastN: wish.lastN ?? 0, since: wish.since });
    if (result instanceof Refusal) throw new Error(`${result.code}: ${result.message}`);
    return { ...result.joined, replay: result.replay.map((event) => event.offset) };
  }

  /** Publishes `count` times; the payload is padded to the given size. */
  publish(topic: string, count = 1, payloadSize = 1): void {
    for (let i = 0; i < count; i++) {
      const result = this.hub.publish(
        topic,
        { idJson: '"m"', payloadJson: `"${"p".repeat(payloadSize)}"` },
        { dedupe: false },
      );
      if (result instanceof Refusal) throw new Error(`${result.code}: ${result.message}`);
    }
  }

  /** Lets the event loop turn until all that waits has gone out. */
  endTick(): void {
    while (this.#deferred.length > 0) for (const run of this.#deferred.splice(0)) run();
  }

  /** Lets time pass, then has the hub look what that brings. */
  pass(ms: number): void {
    this.clock.advance(ms);
    this.hub.sweep();
    this.endTick();
  }

  topicNames(): string[] {
    return [...this.hub.topics()].map((topic) => topic.name);
  }
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
