import { describe, expect, test } from "vitest";
import { brief, HubUnderTest } from "../../test/support/hub.ts";
import { Refusal } from "../protocol/errors.ts";
import { draftOf } from "./draft.ts";

// What becomes of the log of a topic whose last subscriber has left (rulings, section 3).

const LINGER_MS = 1000;
const DRAFT = draftOf('"m"', "1");
const PUBLISH = { dedupe: false };

/** A topic with seven events whose last subscriber has left. */
function left(options: ConstructorParameters<typeof HubUnderTest>[0] = {}) {
  const under = new HubUnderTest({ historyLingerMs: LINGER_MS, ...options });
  const { session } = under.connect("a");
  under.publish("a", 7);
  under.endTick();
  under.hub.disconnect(session);
  return under;
}

describe("a topic whose last subscriber has left", () => {
  test("is in no list and no count", () => {
    const under = left();
    expect([under.topicNames(), under.hub.topicCount, under.hub.topic("a"), under.hub.lingeringCount]).toEqual([
      [],
      0,
      undefined,
      1,
    ]);
    expect(under.told()).toEqual(["created a: subscribe", "removed a: last subscriber left"]);
  });

  test("is brought back by a subscribe, with its epoch, offsets, history, counts and time of creation", () => {
    const under = left();
    under.pass(LINGER_MS - 1);
    const { session, transport } = under.connect();
    const since = { epoch: "epoch-1", offset: 4 };
    expect(under.subscribe(session, "a", { since })).toEqual({
      epoch: "epoch-1",
      offset: 7,
      recovered: true,
      replay: [5, 6, 7],
    });
    const topic = under.hub.topic("a");
    expect([topic?.createdAt, topic?.newestOffset, topic?.oldestOffset]).toEqual(["2025-01-15T10:00:00.000Z", 7, 3]);
    under.publish("a");
    under.endTick();
    expect(brief(transport)).toEqual(["a 8"]);
    under.pass(1_000_000);
    expect([under.topicNames(), under.hub.lingeringCount]).toEqual([["a"], 0]);
  });

  test("is brought back by a publish, and then lives by the time of idle topics", () => {
    const under = left({ idleTopicTtlMs: 5000 });
    under.publish("a");
    expect(under.hub.topic("a")).toMatchObject({ epoch: "epoch-1", newestOffset: 8 });
    under.pass(4999);
    under.publish("a");
    under.pass(4999);
    expect(under.topicNames()).toEqual(["a"]);
    under.pass(1);
    expect(under.topicNames()).toEqual([]);
    expect(under.told().slice(-2)).toEqual(["created a: publish", "removed a: expired"]);
    // It had a subscriber once: its end by idleness is not final.
    const { session } = under.connect();
    expect(under.subscribe(session, "a", { lastN: 1 })).toMatchObject({ epoch: "epoch-1", offset: 9, replay: [9] });
  });

  test("stays once somebody subscribes to what a publish has brought back", () => {
    const under = left({ idleTopicTtlMs: 5000 });
    under.publish("a");
    under.connect("a");
    under.pass(1_000_000);
    expect(under.topicNames()).toEqual(["a"]);
  });

  test("is brought back by a request, with the time to live of that request", () => {
    const under = left();
    expect(under.hub.createTopic("a", "never")).toMatchObject({
      epoch: "epoch-1",
      newestOffset: 7,
      createdAt: "2025-01-15T10:00:00.000Z",
    });
    expect(under.hub.createTopic("a")).toMatchObject({ code: "CONFLICT" });
    under.hub.disconnect(under.connect("a").session);
    under.pass(1_000_000);
    expect(under.topicNames()).toEqual(["a"]);
  });

  test("is erased by a delete: the next one of its name is another", () => {
    const under = left();
    expect(under.hub.deleteTopic("a")).toBeUndefined();
    expect(under.hub.deleteTopic("a")).toMatchObject({ code: "NOT_FOUND" });
    expect(under.hub.lingeringCount).toBe(0);
    const { session } = under.connect();
    expect(under.subscribe(session, "a", { lastN: 5 })).toMatchObject({ epoch: "epoch-2", offset: 0, replay: [] });
  });

  test("is gone when its time has passed, counted from the last time that it was left", () => {
    const under = left();
    under.pass(LINGER_MS - 1);
    under.hub.disconnect(under.connect("a").session);
    under.pass(LINGER_MS - 1);
    expect(under.hub.lingeringCount).toBe(1);
    under.pass(1);
    expect([under.hub.lingeringCount, under.hub.logBytes()]).toEqual([0, 0]);
    const { session } = under.connect();
    expect(under.subscribe(session, "a")).toMatchObject({ epoch: "epoch-2", offset: 0 });
  });

  test("does not linger where that is off", () => {
    const under = left({ historyLingerMs: 0 });
    expect([under.hub.lingeringCount, under.hub.logBytes()]).toEqual([0, 0]);
  });

  test("counts in the memory of logs while it lingers", () => {
    const under = left();
    expect(under.hub.logBytes()).toBeGreaterThan(0);
  });

  test("is brought back also where subscribe and publish create nothing", () => {
    for (const revive of ["subscribe", "publish"] as const) {
      const under = new HubUnderTest({ historyLingerMs: LINGER_MS, autoCreateTopics: false });
      under.hub.createTopic("a");
      under.hub.disconnect(under.connect("a").session);
      const { session } = under.connect();
      if (revive === "subscribe") under.subscribe(session, "a");
      else under.publish("a");
      expect(under.hub.topic("a")?.epoch).toBe("epoch-1");
      expect(under.hub.publish("b", DRAFT, PUBLISH)).toMatchObject({ code: "TOPIC_NOT_FOUND" });
    }
  });

  test("gives a delivery at the next flush to whom subscribes in the turn in which it was left", () => {
    const under = new HubUnderTest({ historyLingerMs: LINGER_MS });
    const first = under.connect("a");
    under.publish("a", 2);
    under.hub.disconnect(first.session);
    const second = under.connect();
    under.join(second.session, "a", { since: { epoch: "epoch-1", offset: 1 } });
    under.publish("a");
    under.endTick();
    expect(brief(second.transport)).toEqual(["ack", "a 2", "a 3"]);
  });
});

describe("lingering logs and the most topics allowed", () => {
  test("are evicted, oldest first, before anything is refused", () => {
    const under = new HubUnderTest({ historyLingerMs: LINGER_MS, maxTopics: 3 });
    for (const name of ["a", "b", "c"]) under.hub.disconnect(under.connect(name).session);
    expect([under.hub.topicCount, under.hub.lingeringCount]).toEqual([0, 3]);
    under.publish("d");
    expect(under.hub.lingeringCount).toBe(2);
    under.connect("b");
    expect(under.hub.topic("b")?.epoch).toBe("epoch-2");
    under.connect("e");
    expect([under.topicNames(), under.hub.lingeringCount]).toEqual([["d", "b", "e"], 0]);
    expect(under.hub.publish("c", DRAFT, PUBLISH)).toMatchObject({ code: "LIMIT_EXCEEDED" });
  });

  test("are brought back within the limit, as they count in it", () => {
    const under = new HubUnderTest({ historyLingerMs: LINGER_MS, maxTopics: 2 });
    const { session } = under.connect("a");
    under.connect("b");
    under.hub.disconnect(session);
    expect(under.hub.createTopic("a")).not.toBeInstanceOf(Refusal);
    expect(under.hub.topicCount).toBe(2);
    expect(under.hub.createTopic("c")).toMatchObject({ code: "LIMIT_EXCEEDED" });
  });
});

describe("a topic's own time to live", () => {
  test("counts instead of the hub's, and the topic lingers when it has passed", () => {
    const under = new HubUnderTest({ historyLingerMs: LINGER_MS, topicTtlMs: 10 });
    under.hub.createTopic("long", 500);
    under.hub.createTopic("none", 0);
    under.hub.disconnect(under.connect("long", "none", "usual").session);
    expect(under.topicNames()).toEqual(["long", "usual"]);
    under.pass(10);
    expect(under.topicNames()).toEqual(["long"]);
    under.pass(489);
    expect(under.topicNames()).toEqual(["long"]);
    under.pass(1);
    expect([under.topicNames(), under.hub.lingeringCount]).toEqual([[], 3]);
    const { session } = under.connect();
    expect(under.subscribe(session, "long").epoch).toBe("epoch-1");
    under.hub.disconnect(session);
    under.pass(499);
    expect(under.topicNames()).toEqual(["long"]);
  });

  test("may be without end, until the topic is deleted", () => {
    const under = new HubUnderTest({ historyLingerMs: LINGER_MS });
    under.hub.createTopic("a", "never");
    under.hub.disconnect(under.connect("a").session);
    under.pass(1_000_000);
    expect(under.topicNames()).toEqual(["a"]);
    under.hub.deleteTopic("a");
    expect([under.topicNames(), under.hub.lingeringCount]).toEqual([[], 0]);
  });
});

describe("an end that is final", () => {
  test("is that of a topic that nobody ever subscribed to", () => {
    const under = new HubUnderTest({ historyLingerMs: LINGER_MS, idleTopicTtlMs: 100 });
    under.publish("a", 3);
    under.pass(100);
    expect([under.topicNames(), under.hub.lingeringCount]).toEqual([[], 0]);
    under.publish("a");
    expect(under.hub.topic("a")).toMatchObject({ epoch: "epoch-2", newestOffset: 1 });
  });

  test("is a delete, also while there are subscribers", () => {
    const under = new HubUnderTest({ historyLingerMs: LINGER_MS });
    under.connect("a");
    under.publish("a");
    under.hub.deleteTopic("a");
    expect(under.hub.lingeringCount).toBe(0);
    under.connect("a");
    expect(under.hub.topic("a")).toMatchObject({ epoch: "epoch-2", newestOffset: 0 });
  });
});
