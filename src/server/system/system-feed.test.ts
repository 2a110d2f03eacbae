import { describe, expect, test } from "vitest";
import { HubUnderTest } from "../../../test/support/hub.ts";
import { textsOf } from "../../core/log.ts";
import type { ServerInfo } from "../../protocol/system.ts";
import { systemStatsSchema } from "../../protocol/system.ts";
import { Samples } from "../metrics/samples.ts";
import { Journal } from "./journal.ts";
import { SystemFeed } from "./system-feed.ts";

const INFO: ServerInfo = {
  version: "1.2.3",
  runtime: "Node.js 20.0.0",
  started_at: "2025-01-15T10:00:00.000Z",
  trace: false,
  limits: {
    max_connections: 1,
    max_topics: 1,
    max_subscriptions: 1,
    max_message_size: 1,
    max_queue_size: 1,
    max_queue_bytes: 1,
    ring_buffer_size: 1,
    max_history_bytes: 1,
  },
};

function setUp() {
  const under = new HubUnderTest();
  const { clock, hub } = under;
  const samples = new Samples(hub, clock, 50);
  const journal = new Journal();
  const cpu = { us: 1_000_000 };
  const feed = new SystemFeed(INFO, {
    hub,
    clock,
    connections: { count: 3, openOf: (kind) => ({ sse: 1, http: 0, websocket: 2 })[kind] },
    samples,
    journal,
    cpuUs: () => cpu.us,
    memoryBytes: () => 5000,
  });
  return { clock, cpu, feed, hub, journal, samples, under };
}

/** The payloads that a topic holds. */
function held(under: HubUnderTest, name: string): unknown[] {
  const range = under.hub.topic(name)?.replay(10_000, undefined).range;
  return (range === undefined ? [] : textsOf(range)).map(({ text }) => JSON.parse(text).message.payload);
}

describe("the server's own topics", () => {
  test("tell what runs from the start on", () => {
    expect(held(setUp().under, "$sys/server")).toEqual([INFO]);
  });

  test("tell how the server does: what is now, what was since the start, and rates over the time that has passed", () => {
    const { clock, cpu, feed, samples, under } = setUp();
    const { transport } = under.connect("a", "b");
    under.connect("a");
    under.publish("a", 10);
    under.endTick();
    transport.room = 0;
    under.publish("a", 1);
    under.endTick();
    under.publish("a", 4);
    under.endTick();
    clock.advance(75);
    samples.tick();
    clock.advance(1925);
    cpu.us += 500_000;
    feed.tick();
    clock.advance(1000);
    feed.tick();
    const [first, second] = held(under, "$sys/stats").map((payload) => systemStatsSchema.parse(payload));
    expect(first).toMatchObject({
      uptime_sec: 2,
      clients: 3,
      event_streams: 1,
      http_sessions: 0,
      topics: 2,
      active_topics: 2,
      subscriptions: 3,
      queued_messages: 4,
      longest_queue: 4,
      event_loop_delay_ms: 25,
      cpu_percent: 25,
      memory_bytes: 5000,
      total: { published: 15, delivered: 30, dropped: 0, slow_consumers: 0, errors: 0 },
      per_sec: { published: 7.5, delivered: 15 },
    });
    expect(first?.total.sent_bytes).toBeGreaterThan(1000);
    expect(second).toMatchObject({
      uptime_sec: 3,
      event_loop_delay_ms: 0,
      cpu_percent: 0,
      total: { published: 15 },
      per_sec: { published: 0, delivered: 0, sent_bytes: 0 },
    });
  });

  test("hold the last quarter of an hour, and the last thousand happenings", () => {
    const { clock, feed, journal, under } = setUp();
    for (let i = 1; i <= 1100; i++) {
      journal.note({ code: "TOPIC_DELETED", level: "info", message: `topic ${i}`, topic: "t" });
      clock.advance(1000);
      feed.tick();
    }
    expect(held(under, "$sys/stats").length).toBe(900);
    const happenings = held(under, "$sys/events");
    expect([happenings.length, happenings.at(-1)]).toEqual([
      1000,
      { code: "TOPIC_DELETED", level: "info", message: "topic 1100", topic: "t", count: 1 },
    ]);
  });
});
