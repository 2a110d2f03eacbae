import pino from "pino";
import { describe, expect, test } from "vitest";
import { HubUnderTest } from "../../test/support/hub.ts";
import { CLOSE } from "../protocol/errors.ts";
import { FaultLog } from "./fault-log.ts";
import { HubLog } from "./hub-log.ts";
import { Journal } from "./system/journal.ts";

function setUp() {
  const lines: unknown[] = [];
  const logger = pino({ base: null, timestamp: false }, { write: (line: string) => void lines.push(JSON.parse(line)) });
  const journal = new Journal();
  const faults = new FaultLog(logger, journal);
  const hubLog = new HubLog({ logger, faults, journal, addressOf: ({ id }) => `address of ${id}` });
  return { faults, hubLog, journal, lines, under: new HubUnderTest() };
}

const [INFO, WARN, ERROR] = [30, 40, 50];

describe("the hub's log", () => {
  test("has a line for each topic that comes or goes", () => {
    const { hubLog, lines, under } = setUp();
    under.publish("a", 3);
    for (const topic of under.hub.topics()) {
      hubLog.topicCreated(topic, "publish");
      hubLog.topicRemoved(topic, "expired");
    }
    expect(lines).toEqual([
      { level: INFO, topic: "a", origin: "publish", msg: "topic created" },
      { level: INFO, topic: "a", why: "expired", messages: 3, msg: "topic removed" },
    ]);
  });

  test("sums up drops, in one line a report and none where there were none", () => {
    const { hubLog, lines, under } = setUp();
    const [one, two] = [under.connect().session, under.connect().session];
    hubLog.reportDrops();
    for (let i = 0; i < 1000; i++) hubLog.messagesDropped(one, 2);
    hubLog.messagesDropped(two, 1);
    expect(lines).toEqual([]);
    hubLog.reportDrops();
    hubLog.reportDrops();
    expect(lines).toEqual([{ level: WARN, messages: 2001, sessions: 2, msg: "messages dropped" }]);
  });

  test("warns of slow consumers", () => {
    const { hubLog, lines, under } = setUp();
    hubLog.slowConsumer(under.connect().session, "because");
    expect(lines).toEqual([{ level: WARN, session: 1, why: "because", msg: "slow consumer" }]);
  });

  test("counts a failure, and the session that it is about is closed", () => {
    const { faults, hubLog, lines, under } = setUp();
    const { session, transport } = under.connect();
    hubLog.sessionFailed(session, new Error("broken"));
    expect([faults.count, session.isOpen]).toEqual([1, false]);
    expect(transport.closing).toEqual({ code: CLOSE.INTERNAL, reason: "internal error" });
    expect(lines).toMatchObject([{ level: ERROR, session: 1, msg: "internal error" }]);
  });
});
