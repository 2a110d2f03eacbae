import { describe, expect, test } from "vitest";
import { HubUnderTest } from "../../test/support/hub.ts";
import { Refusal } from "../protocol/errors.ts";
import { draftOf } from "./draft.ts";

// When topics begin and end (rulings, section 3).

const DRAFT = draftOf('"m"', "1");

describe("a topic begins", () => {
  test("with a request, once", () => {
    const under = new HubUnderTest();
    expect(under.hub.createTopic("a")).toMatchObject({
      name: "a",
      createdAt: "2025-01-15T10:00:00.000Z",
      newestOffset: 0,
      subscriberCount: 0,
    });
    expect(under.hub.createTopic("a")).toMatchObject({ code: "CONFLICT" });
    expect([under.hub.topicCount, under.told()]).toEqual([1, ["created a: request"]]);
  });

  test("with the first subscribe or publish that names it", () => {
    const under = new HubUnderTest();
    under.connect("a");
    under.publish("b");
    under.publish("a");
    expect(under.told()).toEqual(["created a: subscribe", "created b: publish"]);
  });

  test("with a request only, where implicit creation is off", () => {
    const under = new HubUnderTest({ autoCreateTopics: false });
    const { session } = under.connect();
    expect(() => under.subscribe(session, "a")).toThrow("TOPIC_NOT_FOUND");
    expect(under.hub.publish("a", DRAFT, { dedupe: false })).toMatchObject({ code: "TOPIC_NOT_FOUND" });
    expect(under.hub.topicCount).toBe(0);
    under.hub.createTopic("a");
    expect(under.subscribe(session, "a").offset).toBe(0);
    expect(under.hub.publish("a", DRAFT, { dedupe: false })).toMatchObject({ offset: 1 });
  });

  test("only within the limit, whatever begins it", () => {
    const under = new HubUnderTest({ maxTopics: 2 });
    under.hub.createTopic("a");
    under.publish("b");
    const { session } = under.connect("a");
    expect(under.hub.createTopic("c")).toMatchObject({ code: "LIMIT_EXCEEDED" });
    expect(under.hub.createTopic("a")).toMatchObject({ code: "CONFLICT" });
    expect(under.hub.publish("c", DRAFT, { dedupe: false })).toMatchObject({ code: "LIMIT_EXCEEDED" });
    expect(() => under.subscribe(session, "c")).toThrow("LIMIT_EXCEEDED");
    under.hub.deleteTopic("b");
    expect(under.hub.createTopic("c")).not.toBeInstanceOf(Refusal);
  });

  test("under any name, those of objects' own members too", () => {
    const under = new HubUnderTest();
    for (const name of ["__proto__", "constructor", "toString"]) {
      expect(under.hub.deleteTopic(name)).toMatchObject({ code: "NOT_FOUND" });
      under.connect(name);
      under.publish(name);
    }
    expect(under.topicNames()).toEqual(["__proto__", "constructor", "toString"]);
  });
});

describe("a topic ends when its last subscriber leaves", () => {
  test("at once, however it began", () => {
    const under = new HubUnderTest();
    under.hub.createTopic("requested");
    under.publish("published");
    const { session } = under.connect("requested", "published", "subscribed");
    under.hub.unsubscribe(session, "requested", "c");
    expect(under.topicNames()).toEqual(["published", "subscribed"]);
    under.hub.disconnect(session);
    expect(under.topicNames()).toEqual([]);
    expect(under.told().filter((line) => line.startsWith("removed"))).toEqual([
      "removed requested: last subscriber left",
      "removed published: last subscriber left",
      "removed subscribed: last subscriber left",
    ]);
  });

  test("not before the last one", () => {
    const under = new HubUnderTest();
    const [one, two] = [under.connect("a"), under.connect("a")];
    under.hub.disconnect(one.session);
    under.pass(1_000_000);
    expect(under.topicNames()).toEqual(["a"]);
    under.hub.disconnect(two.session);
    expect(under.topicNames()).toEqual([]);
  });

  test("after its time to live, so that a subscriber can come back and resume", () => {
    const under = new HubUnderTest({ topicTtlMs: 1000 });
    under.hub.disconnect(under.connect("a").session);
    under.publish("a", 2);
    under.pass(999);
    const { session } = under.connect();
    const since = { epoch: "epoch-1", offset: 0 };
    expect(under.subscribe(session, "a", { since })).toMatchObject({ recovered: true, replay: [1, 2] });
    under.pass(1_000_000);
    expect(under.topicNames()).toEqual(["a"]);
    under.hub.disconnect(session);
    under.pass(500);
    // A publish is no subscriber: it does not prolong it.
    under.publish("a");
    under.pass(499);
    expect(under.topicNames()).toEqual(["a"]);
    under.pass(1);
    expect(under.topicNames()).toEqual([]);
    expect(under.told().at(-1)).toBe("removed a: expired");
  });

  test("deleted meanwhile, it does not end a second time", () => {
    const under = new HubUnderTest({ topicTtlMs: 1000 });
    under.hub.disconnect(under.connect("a").session);
    under.hub.deleteTopic("a");
    under.hub.createTopic("a");
    under.pass(1_000_000);
    expect(under.topicNames()).toEqual(["a"]);
  });
});

describe("a topic that nobody has subscribed to", () => {
  test("stays, where a request made it", () => {
    const under = new HubUnderTest({ idleTopicTtlMs: 1000, topicTtlMs: 10 });
    under.hub.createTopic("a");
    under.publish("a");
    under.pass(1_000_000);
    expect(under.topicNames()).toEqual(["a"]);
  });

  test("made by a publish, goes when its idle time has passed since the last one", () => {
    const under = new HubUnderTest({ idleTopicTtlMs: 1000 });
    under.publish("a");
    under.pass(999);
    under.publish("a");
    under.pass(999);
    expect(under.topicNames()).toEqual(["a"]);
    under.pass(1);
    expect(under.topicNames()).toEqual([]);
    expect(under.told()).toEqual(["created a: publish", "removed a: expired"]);
  });

  test("made by a publish, stays while it is subscribed to", () => {
    const under = new HubUnderTest({ idleTopicTtlMs: 1000 });
    under.publish("a");
    under.connect("a");
    under.pass(1_000_000);
    expect(under.topicNames()).toEqual(["a"]);
  });
});

test("a topic counts what was published to it since it began, not what it holds", () => {
  const under = new HubUnderTest();
  under.publish("a", 12);
  expect([...under.hub.topics()].map((topic) => topic.newestOffset)).toEqual([12]);
});
