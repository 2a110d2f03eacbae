import { describe, expect, test } from "vitest";
import { collectGarbage } from "../../test/support/garbage.ts";
import { HubUnderTest, RING_CAPACITY } from "../../test/support/hub.ts";
import { CLOSE } from "../protocol/errors.ts";
import { draftOf } from "./draft.ts";
import { MAX_LISTED_DELIVERIES, type Trace } from "./trace.ts";

function traced(options: ConstructorParameters<typeof HubUnderTest>[0] = {}) {
  return new HubUnderTest({ trace: true, ...options });
}

function traceAt({ hub }: HubUnderTest, topic: string, offset: number): Trace {
  const trace = hub.topic(topic)?.trace(offset);
  if (trace === undefined) throw new Error(`there is no trace of ${topic} ${offset}`);
  return trace;
}

/** Each delivery in short, such as `1 c dropped (queue full)` or `2 c written, replayed`. */
function told(under: HubUnderTest, topic: string, offset: number): string[] {
  return traceAt(under, topic, offset).deliveries.map(({ isReplayed, reason, recipient, state }) => {
    const { client, clientId } = recipient;
    const why = reason === undefined ? "" : ` (${reason})`;
    return `${client} ${clientId} ${state}${why}${isReplayed ? ", replayed" : ""}`;
  });
}

/** Subscribes with a replay of the last event. */
function rejoin(under: HubUnderTest, session: ReturnType<HubUnderTest["connect"]>["session"], clientId: string): void {
  under.join(session, "a", { clientId, lastN: 1 });
}

describe("the trace of an event", () => {
  test("is not kept unless asked for", () => {
    const under = new HubUnderTest();
    under.connect("a");
    under.publish("a");
    const topic = under.hub.topic("a");
    expect(topic?.event(1)?.offset).toBe(1);
    expect([under.hub.keepsTraces, topic?.trace(1)]).toEqual([false, undefined]);
  });

  test("lists a delivery to each subscriber: queued, then written, with the times of both", () => {
    const under = traced();
    under.connect("a", "b");
    under.connect("a");
    under.clock.advance(10);
    under.publish("a");
    // Its subscribers get it when the topic is flushed.
    expect(told(under, "a", 1)).toEqual([]);
    under.hub.topic("a")?.flush(true);
    expect(told(under, "a", 1)).toEqual(["1 c queued", "2 c queued"]);
    under.clock.advance(3);
    under.endTick();
    expect(told(under, "a", 1)).toEqual(["1 c written", "2 c written"]);
    const { deliveries, totals } = traceAt(under, "a", 1);
    expect(totals).toEqual({ queued: 0, written: 2, dropped: 0, replayed: 0 });
    const publishedAtMs = Date.UTC(2025, 0, 15, 10) + 10;
    const times = { queuedAtMs: publishedAtMs, settledAtMs: publishedAtMs + 3 };
    expect(deliveries[0]).toMatchObject({
      recipient: { client: 1, clientId: "c", transport: "websocket" },
      ...times,
    });
  });

  test("is empty where nobody is subscribed", () => {
    const under = traced();
    under.publish("a");
    expect(traceAt(under, "a", 1)).toMatchObject({ deliveries: [], totals: { queued: 0, written: 0, dropped: 0 } });
  });

  test("tells what a full queue has lost, and what waits in it", () => {
    const under = traced({ queue: { maxMessages: 2, maxBytes: 100_000 } });
    const { session, transport } = under.connect("a");
    transport.room = 0;
    under.publish("a");
    under.endTick();
    under.publish("a", 3);
    under.endTick();
    const states = [1, 2, 3, 4].flatMap((offset) => told(under, "a", offset));
    expect(states).toEqual(["1 c written", "1 c dropped (queue full)", "1 c queued", "1 c queued"]);
    transport.room = Number.POSITIVE_INFINITY;
    transport.handOver();
    session.drained();
    expect([3, 4].flatMap((offset) => told(under, "a", offset))).toEqual(["1 c written", "1 c written"]);
    expect(traceAt(under, "a", 2).totals).toEqual({ queued: 0, written: 0, dropped: 1, replayed: 0 });
  });

  test("tells of an event that found no room at all", () => {
    const under = traced({ queue: { maxMessages: 10, maxBytes: 1000 } });
    const { transport } = under.connect("a");
    transport.room = 0;
    under.publish("a");
    under.endTick();
    under.publish("a", 1, 2000);
    under.endTick();
    expect(told(under, "a", 2)).toEqual(["1 c dropped (queue full)"]);
  });

  test("tells of an event larger than the queue that went straight on", () => {
    const under = traced({ queue: { maxMessages: 10, maxBytes: 1000 } });
    under.connect("a");
    under.publish("a", 1, 2000);
    under.endTick();
    expect(told(under, "a", 1)).toEqual(["1 c written"]);
  });

  test("tells that a slow consumer's queue was thrown away", () => {
    const under = traced({ queue: { maxMessages: 2, maxBytes: 100_000 }, writeWaitMs: 1000 });
    const { transport } = under.connect("a");
    under.connect("a");
    transport.room = 0;
    under.publish("a");
    under.endTick();
    under.publish("a", 3);
    under.endTick();
    under.pass(1000);
    expect(told(under, "a", 1)).toEqual(["1 c written", "2 c written"]);
    expect(told(under, "a", 2)).toEqual(["1 c dropped (queue full)", "2 c written"]);
    expect(told(under, "a", 3)).toEqual(["1 c dropped (slow consumer)", "2 c written"]);
    expect(traceAt(under, "a", 3).totals).toEqual({ queued: 0, written: 1, dropped: 1, replayed: 0 });
  });

  test("tells what waited for a client that is gone", () => {
    const under = traced();
    const { session, transport } = under.connect("a");
    under.connect("a");
    transport.room = 0;
    under.publish("a");
    under.endTick();
    under.publish("a");
    under.endTick();
    session.close(CLOSE.INTERNAL, "internal error");
    under.hub.disconnect(session);
    expect(told(under, "a", 2)).toEqual(["1 c dropped (disconnected)", "2 c written"]);
  });

  test("lists each replay, by the label that the subscription has by then", () => {
    const under = traced();
    const { session } = under.connect("a");
    under.publish("a");
    under.endTick();
    under.clock.advance(50);
    rejoin(under, session, "again");
    under.endTick();
    rejoin(under, session, "once more");
    rejoin(under, under.connect().session, "late");
    under.endTick();
    expect(told(under, "a", 1)).toEqual([
      "1 c written",
      "1 again written, replayed",
      "1 once more written, replayed",
      "2 late written, replayed",
    ]);
    const { deliveries, totals } = traceAt(under, "a", 1);
    expect(totals).toEqual({ queued: 0, written: 4, dropped: 0, replayed: 3 });
    // A replay is queued when it is asked for.
    const [first = Number.NaN, ...later] = deliveries.map(({ queuedAtMs }) => queuedAtMs);
    expect(later).toEqual([first + 50, first + 50, first + 50]);
  });

  test("keeps the same delivery where a replay brings what is queued already", () => {
    const under = traced();
    const { session, transport } = under.connect("a");
    transport.room = 0;
    under.publish("a");
    under.endTick();
    under.publish("a");
    under.endTick();
    rejoin(under, session, "c");
    rejoin(under, session, "c");
    expect(told(under, "a", 2)).toEqual(["1 c queued"]);
    transport.room = Number.POSITIVE_INFINITY;
    transport.handOver();
    session.drained();
    expect(told(under, "a", 2)).toEqual(["1 c written"]);
    expect(traceAt(under, "a", 2).totals).toEqual({ queued: 0, written: 1, dropped: 0, replayed: 0 });
  });

  test("lists a replay of what the queue has lost as a delivery of its own", () => {
    const under = traced({ queue: { maxMessages: 2, maxBytes: 100_000 } });
    const { session, transport } = under.connect("a");
    transport.room = 0;
    under.publish("a");
    under.endTick();
    under.publish("a", 3);
    under.endTick();
    under.join(session, "a", { lastN: 3 });
    expect(told(under, "a", 2)).toEqual(["1 c dropped (queue full)", "1 c queued, replayed"]);
    expect(told(under, "a", 3)).toEqual(["1 c queued"]);
  });

  test(`lists ${MAX_LISTED_DELIVERIES} deliveries, and has the others in its totals`, () => {
    const under = traced();
    const further = 10;
    for (let i = 0; i < MAX_LISTED_DELIVERIES + further; i++) under.connect("a");
    under.publish("a");
    under.hub.topic("a")?.flush(true);
    const trace = traceAt(under, "a", 1);
    expect(trace.totals.queued).toBe(MAX_LISTED_DELIVERIES + further);
    under.endTick();
    expect(trace.deliveries).toHaveLength(MAX_LISTED_DELIVERIES);
    expect(trace.totals).toEqual({
      queued: 0,
      written: MAX_LISTED_DELIVERIES + further,
      dropped: 0,
      replayed: 0,
    });
  });

  test("is there as long as the topic holds the event", () => {
    const under = traced();
    under.publish("a", RING_CAPACITY + 1);
    const held = [0, 1, 2, RING_CAPACITY + 1, RING_CAPACITY + 2].filter((offset) =>
      under.hub.topic("a")?.event(offset),
    );
    expect(held).toEqual([2, RING_CAPACITY + 1]);
    under.hub.deleteTopic("a");
    expect(under.hub.topic("a")).toBe(undefined);
  });

  test("is not kept of events that the topic does not hold", () => {
    const under = traced();
    under.connect("a");
    const topic = under.hub.openSystemTopic("$sys/none", 0);
    for (let i = 0; i < 100; i++) topic.publish(draftOf('"m"', "1"));
    expect([1, 99, 100].map((offset) => topic.trace(offset))).toEqual([undefined, undefined, undefined]);
    under.publish("a", RING_CAPACITY + 2);
    const kept = [1, 2, 3, RING_CAPACITY + 2].filter((offset) => under.hub.topic("a")?.trace(offset));
    expect(kept).toEqual([3, RING_CAPACITY + 2]);
  });

  test("keeps no session alive, nor a delivery of an event that the topic has let go of", async () => {
    const under = traced();
    const sessions: WeakRef<object>[] = [];
    const deliveries: WeakRef<object>[] = [];
    under.connect("a");
    for (let round = 0; round < 200; round++) {
      const { session } = under.connect("a");
      sessions.push(new WeakRef(session));
      under.publish("a");
      under.endTick();
      const delivery = under.hub.topic("a")?.trace(round + 1)?.deliveries[0];
      if (delivery !== undefined) deliveries.push(new WeakRef(delivery));
      under.hub.disconnect(session);
    }
    // Within one turn of the event loop, a weak reference holds as well as any.
    await new Promise((resolve) => setImmediate(resolve));
    collectGarbage();
    for (const references of [sessions, deliveries]) {
      expect(references).toHaveLength(200);
      // Some are garbage that has not been found yet.
      expect(references.filter((reference) => reference.deref() !== undefined).length).toBeLessThan(50);
    }
  });
});
