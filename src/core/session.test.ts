import { describe, expect, test } from "vitest";
import { brief, connectFull, HubUnderTest } from "../../test/support/hub.ts";
import { CLOSE } from "../protocol/errors.ts";

const PONG = '{"type":"pong"}';

describe("a session whose socket takes all", () => {
  test("sends all of one tick's messages in one write, when the tick ends", () => {
    const under = new HubUnderTest();
    const { session, transport } = under.connect("a", "b");
    under.publish("a", 3);
    session.send(PONG);
    under.publish("b", 2);
    expect(transport.writes).toEqual([]);
    under.endTick();
    expect(transport.writes).toHaveLength(1);
    expect(brief(transport)).toEqual(["pong", "a 1", "a 2", "a 3", "b 1", "b 2"]);
    under.publish("a");
    under.endTick();
    expect(transport.writes).toHaveLength(2);
    expect(session.queueDepth).toBe(0);
  });

  test("loses nothing of a burst far longer than its queue", () => {
    const under = new HubUnderTest();
    const { transport } = under.connect("a");
    under.publish("a", 5000);
    under.endTick();
    expect(brief(transport)).toEqual(Array.from({ length: 5000 }, (_, i) => `a ${i + 1}`));
    expect(under.hub.counters).toMatchObject({ published: 5000, delivered: 5000, dropped: 0 });
    expect(transport.writes).toHaveLength(1);
  });

  test("passes on at once what is larger than its whole queue", () => {
    const under = new HubUnderTest({ queue: { maxMessages: 10, maxBytes: 500 } });
    const { transport } = under.connect("a");
    under.publish("a", 1, 10);
    under.publish("a", 1, 5000);
    under.publish("a", 1, 10);
    under.endTick();
    expect(brief(transport)).toEqual(["a 1", "a 2", "a 3"]);
  });

  test("counts the bytes that it handed over", () => {
    const under = new HubUnderTest();
    const { session, transport } = under.connect();
    session.send(PONG);
    under.endTick();
    expect(transport.texts).toEqual([PONG]);
    expect(under.hub.counters.sentBytes).toBe(PONG.length);
  });

  test("pings when asked to", () => {
    const { session, transport } = new HubUnderTest().connect();
    session.ping();
    expect(transport.pings).toBe(1);
  });
});

describe("a session whose socket is full", () => {
  test("queues, and sends all once the socket has drained", () => {
    const { session, transport, under } = connectFull();
    under.publish("a", 10);
    under.endTick();
    expect([session.queueDepth, transport.texts.length]).toEqual([10, 1]);
    transport.room = Number.POSITIVE_INFINITY;
    transport.handOver();
    session.drained();
    expect(brief(transport)).toEqual(Array.from({ length: 11 }, (_, i) => `a ${i + 1}`));
    expect([session.queueDepth, session.queueBytes, under.hub.counters.dropped]).toEqual([0, 0, 0]);
  });

  test("asks the socket again before it drops anything", () => {
    const { session, transport, under } = connectFull();
    under.publish("a", 10);
    under.endTick();
    // The client has read, and the event loop had no turn to report it.
    transport.room = Number.POSITIVE_INFINITY;
    transport.handOver();
    under.publish("a", 20);
    under.endTick();
    expect(brief(transport)).toEqual(Array.from({ length: 31 }, (_, i) => `a ${i + 1}`));
    expect(under.hub.counters.dropped).toBe(0);
    expect(session.isOpen).toBe(true);
  });

  test("drops the oldest events, and tells exactly which before it goes on", () => {
    const { session, transport, under } = connectFull();
    under.publish("a", 15);
    expect(under.hub.counters.dropped).toBe(0);
    under.endTick();
    expect(under.told().filter((line) => line.startsWith("dropped"))).toEqual(["dropped 1: 5"]);
    transport.room = Number.POSITIVE_INFINITY;
    transport.handOver();
    session.drained();
    const rest = Array.from({ length: 10 }, (_, i) => `a ${i + 7}`);
    expect(brief(transport)).toEqual(["a 1", "dropped 2-6 (5)", ...rest]);
    expect(under.hub.counters).toMatchObject({ published: 16, dropped: 5, slowConsumers: 0 });
  });

  test("does not ping, as the ping would only wait there", () => {
    const { session, transport } = connectFull();
    session.ping();
    expect(transport.pings).toBe(0);
  });

  test("goes on waiting while the socket has not taken all that it was given", () => {
    const { session, transport, under } = connectFull();
    under.publish("a");
    under.endTick();
    transport.room = 5;
    transport.handOver();
    session.drained();
    expect(transport.texts).toHaveLength(1);
  });

  test("is no slow consumer while it has lost nothing, however long the socket accepts nothing", () => {
    const { session, under } = connectFull({ writeWaitMs: 1000 });
    under.publish("a", 10);
    under.endTick();
    under.pass(1_000_000);
    expect([session.isOpen, session.queueDepth, under.hub.counters.dropped]).toEqual([true, 10, 0]);
  });

  test("is a slow consumer when it has lost an event and then nothing was accepted for the write wait", () => {
    const { session, transport, under } = connectFull({ writeWaitMs: 1000 });
    under.publish("a", 11);
    under.endTick();
    under.pass(999);
    expect(session.isOpen).toBe(true);
    under.pass(1);
    expect(session.isOpen).toBe(false);
    expect([session.queueDepth, under.hub.counters.slowConsumers, under.topicNames()]).toEqual([1, 1, []]);
    expect(under.told()).toContain("slow 1: the socket took no data for -write-wait");
    transport.room = Number.POSITIVE_INFINITY;
    transport.handOver();
    session.drained();
    expect(brief(transport)).toEqual(["a 1", "SLOW_CONSUMER"]);
    expect(transport.closing).toEqual({ code: CLOSE.POLICY, reason: "slow consumer" });
  });

  test("is no slow consumer as long as the socket takes a little now and then", () => {
    const { session, transport, under } = connectFull({ writeWaitMs: 1000 });
    for (let i = 0; i < 20; i++) {
      under.publish("a", 11);
      under.endTick();
      under.pass(900);
      transport.room = 1;
      transport.handOver();
    }
    expect([session.isOpen, under.hub.counters.dropped > 100]).toEqual([true, true]);
    under.publish("a");
    under.endTick();
    under.pass(0);
    under.pass(1000);
    expect(session.isOpen).toBe(false);
  });

  test("is a slow consumer when a whole further queue was dropped and nothing accepted in between", () => {
    const { session, under } = connectFull();
    under.publish("a", 19);
    under.endTick();
    expect([session.isOpen, under.hub.counters.dropped]).toEqual([true, 9]);
    under.publish("a");
    under.endTick();
    expect([session.isOpen, under.hub.counters.dropped]).toEqual([false, 10]);
    expect(under.told()).toContain("slow 1: another full queue was dropped, and the socket took no data");
  });

  test("is no slow consumer when something was accepted in between", () => {
    const { session, transport, under } = connectFull();
    under.publish("a", 19);
    under.endTick();
    transport.room = 1;
    transport.handOver();
    under.publish("a", 5);
    under.endTick();
    expect([session.isOpen, under.hub.counters.dropped]).toEqual([true, 14]);
  });

  test("is a slow consumer at once when replies fill its queue twice", () => {
    const { session, under } = connectFull();
    for (let i = 0; i < 20; i++) session.send(PONG);
    under.endTick();
    expect(session.isOpen).toBe(true);
    session.send(PONG);
    under.endTick();
    expect(session.isOpen).toBe(false);
    expect(under.told()).toContain("slow 1: the queue is full of replies");
  });

  test("is a slow consumer when replies fill its queue and nothing was accepted for the write wait", () => {
    const { session, under } = connectFull({ writeWaitMs: 1000 });
    for (let i = 0; i < 11; i++) session.send(PONG);
    under.endTick();
    under.pass(999);
    expect([session.isOpen, session.queueDepth]).toEqual([true, 11]);
    under.pass(1);
    expect(session.isOpen).toBe(false);
    expect(under.told()).toContain("slow 1: the socket took no data for -write-wait");
  });

  test("is destroyed when it takes not even the last word within the write wait", () => {
    const { session, transport, under } = connectFull({ writeWaitMs: 1000 });
    under.publish("a", 11);
    under.endTick();
    under.pass(1000);
    expect(session.isOpen).toBe(false);
    under.pass(999);
    expect(transport.terminations).toBe(0);
    under.pass(1);
    expect(transport.terminations).toBe(1);
  });

  test("keeps to its bounds, whatever comes", () => {
    const { session, under } = connectFull({ queue: { maxMessages: 4, maxBytes: 1000 } });
    for (let size = 1; session.isOpen; size += 50) {
      under.publish("a", 1, size);
      under.endTick();
      expect(session.queueDepth).toBeLessThanOrEqual(4);
      expect(session.queueBytes).toBeLessThanOrEqual(1000);
    }
    expect(under.hub.counters.slowConsumers).toBe(1);
  });
});

describe("a session that ends", () => {
  test("sends what waits, then closes, and takes nothing more", () => {
    const under = new HubUnderTest();
    const { session, transport } = under.connect();
    session.send(PONG);
    session.end(CLOSE.GOING_AWAY, "bye", 1000);
    session.send(PONG);
    session.end(CLOSE.POLICY, "too late", 1000);
    expect([session.isOpen, transport.closing]).toEqual([false, undefined]);
    under.endTick();
    expect(transport.texts).toEqual([PONG]);
    expect(transport.closing).toEqual({ code: CLOSE.GOING_AWAY, reason: "bye" });
  });

  test("closes though nothing waits", () => {
    const under = new HubUnderTest();
    const { session, transport } = under.connect();
    session.end(CLOSE.GOING_AWAY, "bye", 1000);
    under.endTick();
    expect(transport.closing).toEqual({ code: CLOSE.GOING_AWAY, reason: "bye" });
  });

  test("waits for a full socket, up to its deadline", () => {
    const under = new HubUnderTest({ writeWaitMs: 100 });
    const { session, transport } = under.connect();
    transport.room = 0;
    for (const text of [PONG, PONG]) {
      session.send(text);
      under.endTick();
    }
    session.end(CLOSE.GOING_AWAY, "bye", 1000);
    under.pass(999);
    expect([transport.closing, transport.terminations]).toEqual([undefined, 0]);
    transport.room = Number.POSITIVE_INFINITY;
    transport.handOver();
    session.drained();
    expect(transport.texts).toEqual([PONG, PONG]);
    expect(transport.closing).toEqual({ code: CLOSE.GOING_AWAY, reason: "bye" });
  });

  test("does not keep alive what is published to its topics while it ends", () => {
    const { session, transport, under } = connectFull();
    under.publish("a", 3);
    under.endTick();
    session.end(CLOSE.CUT_OFF, "disconnected by an operator", 2000);
    const isDetached = () => [...session.queuedRanges()].map((range) => range.isDetached);
    expect(isDetached()).toEqual([false]);
    under.publish("a");
    under.endTick();
    expect(isDetached()).toEqual([true]);
    transport.room = Number.POSITIVE_INFINITY;
    transport.handOver();
    session.drained();
    expect(brief(transport)).toEqual(["a 1", "a 2", "a 3", "a 4"]);
  });

  test("is destroyed at the deadline, also where the client never answers the close", () => {
    const under = new HubUnderTest();
    const { session, transport } = under.connect();
    session.end(CLOSE.GOING_AWAY, "bye", 1000);
    under.pass(999);
    expect([transport.closing?.code, transport.terminations]).toEqual([CLOSE.GOING_AWAY, 0]);
    under.pass(1);
    expect(transport.terminations).toBe(1);
  });

  test("closes once, at once, when it is closed", () => {
    const under = new HubUnderTest();
    const { session, transport } = under.connect("a");
    under.publish("a");
    session.close(CLOSE.INTERNAL, "first");
    session.close(CLOSE.POLICY, "second");
    session.terminate();
    under.publish("a");
    under.endTick();
    expect([transport.closing, transport.terminations]).toEqual([{ code: CLOSE.INTERNAL, reason: "first" }, 0]);
    expect([transport.texts, session.isOpen]).toEqual([[], false]);
  });

  test("is destroyed once when it is terminated", () => {
    const { session, transport } = new HubUnderTest().connect();
    session.terminate();
    session.terminate();
    session.ping();
    expect([transport.terminations, transport.pings, session.isOpen]).toEqual([1, 0, false]);
  });

  test("lets go of its queue when its connection is gone", () => {
    const under = new HubUnderTest();
    const { session, transport } = under.connect();
    session.send(PONG);
    under.hub.disconnect(session);
    under.endTick();
    expect([session.queueDepth, transport.writes, transport.closing]).toEqual([0, [], undefined]);
  });
});

describe("how long messages wait for their write", () => {
  test("is counted from when a full socket kept them waiting until it took them", () => {
    const under = new HubUnderTest();
    const { publishToWriteSec } = under.hub.counters;
    const { session, transport } = under.connect("a");
    transport.room = 0;
    under.publish("a");
    under.endTick();
    const before = publishToWriteSec.sum;
    // An empty queue waits for nothing.
    under.clock.advance(300);
    under.publish("a");
    under.endTick();
    under.clock.advance(200);
    under.publish("a");
    under.endTick();
    expect(publishToWriteSec.sum).toBe(before);
    transport.room = 10_000;
    transport.handOver();
    session.drained();
    expect(brief(transport)).toEqual(["a 1", "a 2", "a 3"]);
    expect(publishToWriteSec.sum - before).toBeCloseTo(0.2);
    under.clock.advance(1000);
    session.drained();
    expect(publishToWriteSec.sum - before).toBeCloseTo(0.2);
  });
});
