import { describe, expect, test } from "vitest";
import { brief, HubUnderTest } from "../../test/support/hub.ts";
import { draftOf } from "./draft.ts";

const NAME = "$sys/stats";
const DRAFT = draftOf('"m"', "1");

describe("a topic of the server's own", () => {
  test("is published to by the server alone", () => {
    const under = new HubUnderTest();
    const topic = under.hub.openSystemTopic(NAME, 3);
    const { transport } = under.connect(NAME);
    expect(under.hub.publish(NAME, DRAFT, { dedupe: false })).toMatchObject({ code: "FORBIDDEN" });
    expect(under.hub.publishAll(NAME, [DRAFT], { dedupe: false })).toMatchObject({ code: "FORBIDDEN" });
    topic.publish(DRAFT);
    under.endTick();
    expect(brief(transport)).toEqual([`${NAME} 1`]);
  });

  test("is neither made nor deleted by clients, nor is any other that begins so", () => {
    for (const autoCreateTopics of [true, false]) {
      const under = new HubUnderTest({ autoCreateTopics });
      under.hub.openSystemTopic(NAME, 3);
      const { session } = under.connect(NAME);
      for (const name of [NAME, "$sys/other", "$sys/"]) {
        expect(under.hub.createTopic(name)).toMatchObject({ code: "FORBIDDEN" });
        expect(under.hub.deleteTopic(name)).toMatchObject({ code: "FORBIDDEN" });
        expect(under.hub.publish(name, DRAFT, { dedupe: false })).toMatchObject({ code: "FORBIDDEN" });
      }
      expect(() => under.subscribe(session, "$sys/other")).toThrow("TOPIC_NOT_FOUND");
      expect(under.hub.topicNames(session)).toEqual([NAME]);
    }
  });

  test("begins with $sys/, and nothing else does", () => {
    const under = new HubUnderTest();
    const { session } = under.connect();
    for (const name of ["$sys", "$system/a", "$SYS/a", "a/$sys/b", "sys/a"]) under.subscribe(session, name);
    expect(under.hub.topicCount).toBe(5);
  });

  test("keeps as many messages as it was opened for, and stays when its last subscriber leaves", () => {
    const under = new HubUnderTest();
    const topic = under.hub.openSystemTopic(NAME, 7);
    const { session } = under.connect(NAME);
    for (let i = 0; i < 9; i++) topic.publish(DRAFT);
    under.hub.disconnect(session);
    under.pass(3_600_000);
    const late = under.connect().session;
    expect(under.subscribe(late, NAME, { since: { epoch: "", offset: 0 } })).toMatchObject({
      offset: 9,
      recovered: false,
      replay: [3, 4, 5, 6, 7, 8, 9],
    });
  });

  test("stands in no list and adds to no count", () => {
    const under = new HubUnderTest({ maxTopics: 1 });
    const topic = under.hub.openSystemTopic(NAME, 7);
    const { session } = under.connect(NAME);
    topic.publish(DRAFT);
    under.subscribe(session, NAME, { lastN: 5 });
    under.endTick();
    expect([under.hub.topicCount, under.topicNames(), under.told()]).toEqual([0, [], []]);
    expect(under.hub.counters).toMatchObject({ published: 0, delivered: 0 });
    under.publish("a");
    expect(under.topicNames()).toEqual(["a"]);
  });
});
