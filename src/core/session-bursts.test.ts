import { describe, expect, test } from "vitest";
import { brief, connectFull, HubUnderTest } from "../../test/support/hub.ts";

// When a queue is held to its bounds: a burst never makes a client that reads lose a message (rulings, section 4).

const REPLY = '{"type":"pong"}';

function offsets(from: number, to: number): string[] {
  return Array.from({ length: to - from + 1 }, (_, i) => `a ${from + i}`);
}

describe("a client whose socket becomes full in this turn", () => {
  test("keeps all of a burst, and is held to its bounds from the next turn on", () => {
    const under = new HubUnderTest();
    // Two topics, so that the events go through the queue, in pieces.
    const { session, transport } = under.connect("a", "b");
    transport.room = 0;
    transport.sliceBytes = 1;
    under.publish("a", 50);
    under.publish("b");
    under.endTick();
    expect([session.queueDepth, under.hub.counters.dropped]).toEqual([50, 0]);
    session.send(REPLY);
    under.endTick();
    expect(under.hub.counters.dropped).toBe(41);
  });
});

describe("a client that has read since its queue was held to its bounds", () => {
  test("keeps a burst of events, and is not ended because of it", () => {
    const { session, transport, under } = connectFull();
    transport.room = 1;
    transport.handOver();
    under.publish("a", 50);
    under.endTick();
    expect([session.isOpen, session.queueDepth, under.hub.counters.dropped]).toEqual([true, 50, 0]);
    transport.room = Number.POSITIVE_INFINITY;
    transport.handOver();
    session.drained();
    expect(brief(transport)).toEqual(offsets(1, 51));
  });

  test("loses what is older than the burst, where both together are too much", () => {
    const { session, transport, under } = connectFull();
    under.publish("a", 10);
    under.endTick();
    transport.room = 1;
    transport.handOver();
    under.publish("a", 30);
    under.endTick();
    expect([session.isOpen, session.queueDepth, under.hub.counters.dropped]).toEqual([true, 30, 10]);
  });

  test("keeps a burst that came in the same turn as the last write", () => {
    const { session, transport, under } = connectFull();
    under.publish("a", 10);
    under.endTick();
    // Room for what the socket held and a part of the queue: it is full again at once.
    transport.sliceBytes = 1;
    transport.room = 200;
    transport.handOver();
    session.drained();
    under.publish("a", 12);
    under.endTick();
    expect([session.isOpen, session.queueDepth]).toEqual([true, 12]);
    transport.room = Number.POSITIVE_INFINITY;
    transport.handOver();
    session.drained();
    expect(brief(transport).slice(-12)).toEqual(offsets(12, 23));
  });

  test("is not held to its bounds by the sweep that has just written to it", () => {
    const { session, transport, under } = connectFull();
    transport.room = 1;
    transport.handOver();
    under.publish("a", 50);
    under.endTick();
    transport.sliceBytes = 1;
    transport.room = 200;
    transport.handOver();
    under.pass(100);
    expect([session.queueDepth > 40, under.hub.counters.dropped]).toEqual([true, 0]);
    under.pass(100);
    expect([session.isOpen, session.queueDepth]).toEqual([true, 10]);
  });

  test("is no slow consumer, however much it loses, as long as it reads", () => {
    const { session, transport, under } = connectFull();
    for (let turn = 0; turn < 20; turn++) {
      transport.room = 1;
      transport.handOver();
      under.publish("a", 30);
      under.endTick();
    }
    expect([session.isOpen, under.hub.counters.dropped]).toEqual([true, 19 * 30]);
  });

  test("is ended when replies fill its queue twice, also within one turn", () => {
    const { session, transport, under } = connectFull();
    for (let i = 0; i < 10; i++) session.send(REPLY);
    under.endTick();
    transport.room = 1;
    transport.handOver();
    for (let i = 0; i < 30; i++) session.send(REPLY);
    under.endTick();
    expect(session.isOpen).toBe(true);
    under.pass(0);
    expect(session.isOpen).toBe(false);
  });
});
