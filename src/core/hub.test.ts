import { describe, expect, test } from "vitest";
import { brief, HubUnderTest } from "../../test/support/hub.ts";
import { CLOSE, Refusal } from "../protocol/errors.ts";

describe("delivery", () => {
  test("brings every event once to every subscriber of its topic, its publisher's own included, in order", () => {
    const under = new HubUnderTest();
    const [one, two, other] = [under.connect("a"), under.connect("a", "b"), under.connect("b")];
    under.publish("a", 2);
    under.publish("b");
    under.endTick();
    expect([one, two, other].map(({ transport }) => brief(transport))).toEqual([
      ["a 1", "a 2"],
      ["a 1", "a 2", "b 1"],
      ["b 1"],
    ]);
    expect(under.hub.counters).toMatchObject({ published: 3, delivered: 6 });
  });

  test("is not held up, nor skipped, by a client that does not read", () => {
    const under = new HubUnderTest();
    const clients = Array.from({ length: 5 }, () => under.connect("a"));
    for (const i of [0, 2, 4]) {
      const transport = clients[i]?.transport;
      if (transport !== undefined) transport.room = 0;
    }
    under.publish("a");
    under.endTick();
    // In the course of this the three are found slow and leave, each in the middle of a fan-out.
    under.publish("a", 100);
    under.endTick();
    const all = Array.from({ length: 101 }, (_, i) => `a ${i + 1}`);
    for (const i of [1, 3]) expect(clients[i] && brief(clients[i].transport)).toEqual(all);
    expect(clients.map(({ session }) => session.isOpen)).toEqual([false, true, false, true, false]);
    expect([...under.hub.topics()].map((topic) => topic.subscriberCount)).toEqual([2]);
  });

  test("skips nobody when a flush throws and its client leaves at once", () => {
    const under = new HubUnderTest();
    const [broken, second, third] = [under.connect("a"), under.connect("a"), under.connect("a")];
    broken.transport.failure = new Error("broken pipe");
    under.recorder.sessionFailed = (session) => under.hub.disconnect(session);
    under.publish("a");
    under.endTick();
    under.publish("a");
    under.endTick();
    expect([second, third].map(({ transport }) => brief(transport))).toEqual([
      ["a 1", "a 2"],
      ["a 1", "a 2"],
    ]);
  });

  test("goes on for the others when a flush throws", () => {
    const under = new HubUnderTest();
    const [before, broken, after] = [under.connect("a"), under.connect("a"), under.connect("a")];
    broken.transport.failure = new Error("broken pipe");
    under.publish("a", 2);
    under.endTick();
    for (const { transport } of [before, after]) expect(brief(transport)).toEqual(["a 1", "a 2"]);
    expect(under.told()).toContain("failed 2: Error: broken pipe");
  });

  test("goes on for the others, and for the publisher, when a flush throws in the middle of a fan-out", () => {
    const under = new HubUnderTest();
    const [before, broken, after] = [under.connect("a"), under.connect("a"), under.connect("a")];
    broken.transport.failure = new Error("broken pipe");
    // More than the queue holds.
    under.publish("a", 15);
    under.endTick();
    for (const { transport } of [before, after]) expect(brief(transport)).toHaveLength(15);
    expect(under.told()).toContain("failed 2: Error: broken pipe");
  });

  test("goes on for the others when looking after one of them throws", () => {
    const under = new HubUnderTest({ writeWaitMs: 1000 });
    const [broken, stuck] = [under.connect("a"), under.connect("a")];
    for (const { transport } of [broken, stuck]) transport.room = 0;
    under.publish("a");
    under.endTick();
    // More than the queue holds: a client that then accepts nothing is slow.
    under.publish("a", 11);
    under.endTick();
    broken.transport.room = Number.POSITIVE_INFINITY;
    broken.transport.handOver();
    broken.transport.failure = new Error("broken pipe");
    under.pass(1000);
    expect(under.told()).toContain("failed 1: Error: broken pipe");
    expect(stuck.session.isOpen).toBe(false);
  });
});

describe("subscribing", () => {
  test("tells the topic's epoch and newest offset, and replays what was asked for", () => {
    const under = new HubUnderTest();
    under.publish("a", 7);
    const { session } = under.connect();
    const joined = { epoch: "epoch-1", offset: 7, recovered: undefined };
    expect(under.subscribe(session, "a", { lastN: 2 })).toEqual({ ...joined, replay: [6, 7] });
    expect(under.subscribe(session, "a")).toEqual({ ...joined, replay: [] });
    expect(under.subscribe(session, "a", { lastN: 100 })).toEqual({ ...joined, replay: [3, 4, 5, 6, 7] });
    expect(under.hub.counters.delivered).toBe(7);
  });

  test("to a new topic tells offset 0", () => {
    const under = new HubUnderTest();
    const { session } = under.connect();
    expect(under.subscribe(session, "a", { lastN: 5 })).toMatchObject({ offset: 0, replay: [] });
    expect(under.told()).toEqual(["created a: subscribe"]);
  });

  test.each([
    ["all is there", "epoch-1", 4, true, [5, 6, 7]],
    ["just all is there", "epoch-1", 2, true, [3, 4, 5, 6, 7]],
    ["nothing was missed", "epoch-1", 7, true, []],
    ["one is gone", "epoch-1", 1, false, [3, 4, 5, 6, 7]],
    ["the offset is of the future", "epoch-1", 8, false, [3, 4, 5, 6, 7]],
    ["the epoch is another one", "epoch-0", 4, false, [3, 4, 5, 6, 7]],
  ])("resumes where %s", (_what, epoch, offset, recovered, replay) => {
    const under = new HubUnderTest();
    under.publish("a", 7);
    const { session } = under.connect();
    expect(under.subscribe(session, "a", { since: { epoch, offset } })).toMatchObject({ recovered, replay });
  });

  test("to an empty topic resumes from 0", () => {
    const under = new HubUnderTest();
    under.connect("a");
    const { session } = under.connect();
    const since = { epoch: "epoch-1", offset: 0 };
    expect(under.subscribe(session, "a", { since })).toMatchObject({ recovered: true, replay: [] });
  });

  test("again delivers once, and takes the new label", () => {
    const under = new HubUnderTest();
    const { session, transport } = under.connect("a");
    under.hub.subscribe(session, { topic: "a", clientId: "new", lastN: 0, since: undefined });
    under.publish("a");
    under.endTick();
    expect(brief(transport)).toEqual(["a 1"]);
    expect(under.hub.subscriptionCount(session)).toBe(1);
    expect(under.hub.unsubscribe(session, "a", "c")).toBeInstanceOf(Refusal);
    expect(under.hub.unsubscribe(session, "a", "new")).not.toBeInstanceOf(Refusal);
  });

  test("is limited for each connection, renewals apart", () => {
    const under = new HubUnderTest({ maxSubscriptions: 2 });
    const { session } = under.connect("a", "b");
    expect(() => under.subscribe(session, "c")).toThrow("LIMIT_EXCEEDED");
    expect(under.topicNames()).toEqual(["a", "b"]);
    expect(under.subscribe(session, "a").offset).toBe(0);
    under.hub.unsubscribe(session, "a", "c");
    expect(under.subscribe(session, "c").offset).toBe(0);
    expect(under.hub.subscriptionCount(under.connect("a", "b").session)).toBe(2);
  });
});

describe("unsubscribing", () => {
  test("ends delivery", () => {
    const under = new HubUnderTest();
    const [one, two] = [under.connect("a"), under.connect("a")];
    expect(under.hub.unsubscribe(one.session, "a", "c")).toMatchObject({ name: "a", subscriberCount: 1 });
    under.publish("a");
    under.endTick();
    expect([brief(one.transport), brief(two.transport)]).toEqual([[], ["a 1"]]);
  });

  test("is refused with another label, for another topic, and a second time", () => {
    const under = new HubUnderTest();
    const { session } = under.connect("a");
    under.connect("b");
    for (const [topic, label] of [
      ["a", "x"],
      ["b", "c"],
      ["none", "c"],
    ] as const) {
      expect(under.hub.unsubscribe(session, topic, label)).toMatchObject({ code: "BAD_REQUEST" });
    }
    expect(under.hub.unsubscribe(session, "a", "c")).not.toBeInstanceOf(Refusal);
    expect(under.hub.unsubscribe(session, "a", "c")).toMatchObject({ code: "BAD_REQUEST" });
  });
});

describe("connections", () => {
  test("are counted, and leave all their topics when they go", () => {
    const under = new HubUnderTest();
    const { session } = under.connect("a", "b");
    under.connect("b");
    expect(under.hub.sessionCount).toBe(2);
    under.hub.disconnect(session);
    expect([under.hub.sessionCount, [...under.hub.sessions()].length]).toEqual([1, 1]);
    expect(under.topicNames()).toEqual(["b"]);
    under.hub.disconnect(session);
    expect(under.hub.sessionCount).toBe(1);
  });
});

describe("deleting a topic", () => {
  test("tells every subscriber, and closes those that are left with no subscription", () => {
    const under = new HubUnderTest();
    const [only, both, none] = [under.connect("a"), under.connect("a", "b"), under.connect("b")];
    under.publish("a");
    expect(under.hub.deleteTopic("a")).toBe(undefined);
    under.endTick();
    expect(brief(only.transport)).toEqual(["a 1", "TOPIC_DELETED"]);
    expect(only.transport.closing?.code).toBe(CLOSE.TOPIC_DELETED);
    expect(brief(both.transport)).toEqual(["a 1", "TOPIC_DELETED"]);
    expect([both.transport.closing, both.session.isOpen, none.transport.writes]).toEqual([undefined, true, []]);
    under.publish("b");
    under.endTick();
    expect(brief(both.transport).at(-1)).toBe("b 1");
    expect(under.told()).toEqual(["created a: subscribe", "created b: subscribe", "removed a: deleted"]);
  });

  test("that is not there tells so", () => {
    expect(new HubUnderTest().hub.deleteTopic("a")).toMatchObject({ code: "NOT_FOUND" });
  });

  test("destroys a subscriber that does not take the news", () => {
    const under = new HubUnderTest({ writeWaitMs: 1000 });
    const { transport } = under.connect("a");
    transport.room = 0;
    under.publish("a");
    under.endTick();
    under.hub.deleteTopic("a");
    under.pass(1000);
    expect([transport.terminations, under.hub.counters.slowConsumers]).toEqual([1, 0]);
  });

  test("lets the same name begin anew, from 1 and with another epoch", () => {
    const under = new HubUnderTest();
    under.publish("a", 3);
    under.hub.deleteTopic("a");
    const { session, transport } = under.connect();
    const since = { epoch: "epoch-1", offset: 3 };
    expect(under.subscribe(session, "a", { since })).toMatchObject({ epoch: "epoch-2", offset: 0, recovered: false });
    under.publish("a");
    under.endTick();
    expect(brief(transport)).toEqual(["a 1"]);
  });
});
