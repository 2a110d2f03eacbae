import { describe, expect, test } from "vitest";
import { brief, HubUnderTest } from "../../test/support/hub.ts";
import { CLOSE } from "../protocol/errors.ts";

// Subscribing and leaving in the middle of a turn, when events were published that no subscriber has been given yet.

const REPLY = '{"type":"pong"}';

describe("in the turn of a publish, a client that", () => {
  test("subscribes gets what is published from then on, and the past only if it asks for it", () => {
    const under = new HubUnderTest();
    under.connect("a");
    under.publish("a", 2);
    const [live, replayed] = [under.connect(), under.connect()];
    under.join(live.session, "a");
    under.join(replayed.session, "a", { lastN: 1 });
    under.publish("a", 2);
    under.endTick();
    expect(brief(live.transport)).toEqual(["ack", "a 3", "a 4"]);
    expect(brief(replayed.transport)).toEqual(["ack", "a 2", "a 3", "a 4"]);
  });

  test("subscribes again gets the events before the ack, and each once", () => {
    const under = new HubUnderTest();
    const { session, transport } = under.connect("a");
    under.publish("a", 2);
    under.join(session, "a");
    under.publish("a");
    under.endTick();
    expect(brief(transport)).toEqual(["a 1", "a 2", "ack", "a 3"]);
  });

  test("subscribes again with a replay gets behind the ack what the replay brings", () => {
    const under = new HubUnderTest();
    const { session, transport } = under.connect("a");
    under.publish("a", 3);
    under.join(session, "a", { lastN: 2 });
    under.publish("a");
    under.endTick();
    expect(brief(transport)).toEqual(["a 1", "ack", "a 2", "a 3", "a 4"]);
  });

  test("subscribes again with an older replay gets in order what it had already", () => {
    const under = new HubUnderTest();
    const { session, transport } = under.connect("a");
    under.publish("a", 3);
    under.endTick();
    under.publish("a", 1);
    under.join(session, "a", { lastN: 3 });
    under.endTick();
    expect(brief(transport)).toEqual(["a 1", "a 2", "a 3", "ack", "a 2", "a 3", "a 4"]);
  });

  test("unsubscribes gets what was published before, in front of the reply", () => {
    const under = new HubUnderTest();
    under.connect("a");
    const { session, transport } = under.connect("a");
    under.publish("a", 2);
    under.hub.unsubscribe(session, "a", "c");
    session.send(REPLY);
    under.publish("a");
    under.endTick();
    expect(brief(transport)).toEqual(["a 1", "a 2", "pong"]);
  });

  test("is ended gets what was published before, of all its topics, and nothing after", () => {
    const under = new HubUnderTest();
    const { session, transport } = under.connect("a", "b");
    under.publish("a");
    under.publish("b");
    session.end(CLOSE.GOING_AWAY, "bye", 1000);
    under.publish("a");
    under.endTick();
    expect(brief(transport)).toEqual(["a 1", "b 1"]);
    expect(transport.closing).toMatchObject({ code: CLOSE.GOING_AWAY });
  });

  test("loses its topic gets what was published before, in front of the notice, and nothing of the next topic", () => {
    const under = new HubUnderTest();
    const { session, transport } = under.connect("a", "b");
    under.publish("a", 2);
    under.hub.deleteTopic("a");
    under.publish("a", 3);
    under.join(session, "a", { lastN: 1 });
    under.publish("a");
    under.endTick();
    expect(brief(transport)).toEqual(["a 1", "a 2", "TOPIC_DELETED", "ack", "a 3", "a 4"]);
  });
});

describe("a client that has lost events", () => {
  function lossy() {
    const under = new HubUnderTest();
    const { session, transport } = under.connect("a", "b");
    transport.room = 0;
    under.publish("b");
    under.endTick();
    under.publish("a", 13);
    under.endTick();
    const drain = () => {
      transport.room = Number.POSITIVE_INFINITY;
      transport.handOver();
      session.drained();
      under.endTick();
      return brief(transport).slice(1);
    };
    return { drain, session, under };
  }

  const HELD = Array.from({ length: 10 }, (_, i) => `a ${i + 4}`);

  test("is reported before its topic is deleted", () => {
    const { drain, under } = lossy();
    under.hub.deleteTopic("a");
    expect(drain()).toEqual(["dropped 1-3 (3)", ...HELD, "TOPIC_DELETED"]);
  });

  test("is reported for the old topic before the notice, and for the new one before its next event", () => {
    const { drain, session, under } = lossy();
    under.hub.deleteTopic("a");
    under.join(session, "a");
    under.publish("a", 4);
    under.endTick();
    const next = ["ack", "a 1", "a 2", "a 3", "a 4"];
    expect(drain()).toEqual(["dropped 1-9 (9)", ...HELD.slice(6), "TOPIC_DELETED", ...next]);
  });

  test("gets a replay behind the report of what it has lost", () => {
    const { drain, session, under } = lossy();
    under.join(session, "a", { lastN: 5 });
    expect(drain()).toEqual(["dropped 1-3 (3)", ...HELD.slice(0, 5), "ack", ...HELD.slice(5)]);
  });
});

describe("what is queued for a client that has left a topic", () => {
  test("keeps no more of its log alive, also where the socket became full only in the turn of its leaving", () => {
    for (const isFullBefore of [true, false]) {
      const under = new HubUnderTest();
      under.connect("a");
      const { session, transport } = under.connect("a");
      transport.room = 0;
      transport.sliceBytes = 1;
      if (isFullBefore) {
        session.send(REPLY);
        under.endTick();
      }
      under.publish("a", 4, 200);
      under.hub.unsubscribe(session, "a", "c");
      session.send(REPLY);
      under.endTick();
      expect(session.queueDepth).toBe(isFullBefore ? 5 : 4);
      under.publish("a", 2000, 200);
      under.endTick();
      // Five events that the topic holds, and four that the client is still to be sent.
      expect(under.hub.logBytes()).toBeLessThan(5000);
      transport.room = Number.POSITIVE_INFINITY;
      transport.handOver();
      session.drained();
      expect(brief(transport).filter((text) => text !== "pong")).toEqual(["a 1", "a 2", "a 3", "a 4"]);
    }
  });

  test("counts in the memory of logs, for each client that has a copy", () => {
    const under = new HubUnderTest();
    under.connect("a");
    const clients = [under.connect("a"), under.connect("a")];
    for (const { transport } of clients) transport.room = 0;
    under.publish("a");
    under.endTick();
    under.publish("a", 3, 1000);
    for (const { session } of clients) {
      under.hub.unsubscribe(session, "a", "c");
      session.send(REPLY);
    }
    const before = under.hub.logBytes();
    under.endTick();
    const queued = clients.reduce((sum, { session }) => sum + session.queueBytes - REPLY.length, 0);
    expect(queued).toBeGreaterThan(6000);
    expect(under.hub.logBytes() - before).toBe(queued);
  });
});

test("what is queued of a topic that is gone counts in the memory of logs, and the rest of its log is let go of", () => {
  const under = new HubUnderTest({ queue: { maxMessages: 10, maxBytes: 1_000_000 } });
  const { session, transport } = under.connect("a", "b");
  transport.room = 0;
  under.publish("b");
  under.endTick();
  under.publish("a", 5, 50_000);
  under.endTick();
  under.publish("a", 1);
  const before = under.hub.logBytes();
  under.hub.deleteTopic("a");
  under.endTick();
  expect([session.queueDepth, under.hub.topicCount]).toEqual([7, 1]);
  expect(before).toBeGreaterThan(250_000);
  expect(under.hub.logBytes()).toBe(before);
  transport.sliceBytes = 1;
  transport.room = 150_000;
  transport.handOver();
  session.drained();
  expect(session.queueDepth).toBe(4);
  expect(under.hub.logBytes()).toBeLessThan(before - 120_000);
  transport.room = Number.POSITIVE_INFINITY;
  transport.handOver();
  session.drained();
  expect(brief(transport)).toEqual(["b 1", "a 1", "a 2", "a 3", "a 4", "a 5", "a 6", "TOPIC_DELETED"]);
  expect(under.hub.logBytes()).toBe(512);
});

test("a range that several clients share keeps nothing encoded once the flush is over", () => {
  const under = new HubUnderTest();
  // Two topics, so that the events go through the queues.
  const [one, two] = [under.connect("a", "b"), under.connect("a")];
  two.transport.room = 0;
  under.publish("a");
  under.endTick();
  const encodings: number[] = [];
  const encoder = () => Buffer.alloc(encodings.push(encodings.length));
  const write = one.transport.write.bind(one.transport);
  one.transport.write = (source) => {
    for (const range of two.session.queuedRanges()) range.encodedBy(encoder);
    return write(source);
  };
  under.publish("a", 2);
  under.publish("b");
  under.endTick();
  expect(encodings).toHaveLength(1);
  for (const range of two.session.queuedRanges()) range.encodedBy(encoder);
  expect(encodings).toHaveLength(2);
});
