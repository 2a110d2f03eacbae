import { describe, expect, test, vi } from "vitest";
import { TestClient } from "./support/client.ts";
import { Pump } from "./support/pump.ts";
import { ServerProcess } from "./support/server-process.ts";

vi.setConfig({ testTimeout: 30_000, hookTimeout: 30_000 });

const JOINING = 60;

/** The kinds of messages and, of events, their offsets. */
function outline(messages: Awaited<ReturnType<TestClient["settled"]>>): (number | string)[] {
  return messages.map((message) => (message.type === "event" ? message.offset : message.type));
}

describe("a subscribe", () => {
  test("is acked with the topic, its epoch and its newest offset", async () => {
    await using server = await ServerProcess.start();
    using client = await TestClient.connect(server.port);
    client.send({ type: "subscribe", topic: "orders", client_id: "subscriber-1", request_id: "sub-001" });
    const ack: unknown = JSON.parse(await client.nextText());
    expect(ack).toEqual({
      type: "ack",
      request_id: "sub-001",
      topic: "orders",
      status: "ok",
      epoch: expect.stringMatching(/./),
      offset: 0,
      ts: expect.any(String),
    });
    using publisher = await TestClient.connect(server.port);
    await publisher.published("orders", "m1", 1);
    await publisher.published("orders", "m2", 2);
    using second = await TestClient.connect(server.port);
    expect(await second.subscribe("orders")).toMatchObject({ offset: 2 });
  });

  test("without last_n, and with last_n 0, replays nothing", async () => {
    await using server = await ServerProcess.start();
    using publisher = await TestClient.connect(server.port);
    await publisher.published("t", "m1", 1);
    using plain = await TestClient.connect(server.port);
    using zero = await TestClient.connect(server.port);
    expect(await plain.subscribe("t")).not.toHaveProperty("recovered");
    expect(await zero.subscribe("t", { last_n: 0 })).toMatchObject({ offset: 1 });
    expect(await plain.settled()).toEqual([]);
    expect(await zero.settled()).toEqual([]);
  });

  test("with last_n is answered by the ack, then the replay oldest first, then what is live", async () => {
    await using server = await ServerProcess.start();
    using publisher = await TestClient.connect(server.port);
    for (const i of [1, 2, 3, 4, 5]) await publisher.published("t", `m${i}`, i);
    using client = await TestClient.connect(server.port);
    client.send({ type: "subscribe", topic: "t", client_id: "c1", last_n: 3 });
    client.publish("t", "m6", 6);
    const messages = await client.settled();
    expect(outline(messages).slice(0, 4)).toEqual(["ack", 3, 4, 5]);
    expect(outline(messages).slice(4).sort()).toEqual([6, "ack"]);
  });

  test("that asks for more than there is gets what there is, and never more than the ring holds", async () => {
    await using server = await ServerProcess.start(["-ring-buffer-size=5"]);
    using publisher = await TestClient.connect(server.port);
    await publisher.published("t", "m1", 1);
    await publisher.published("t", "m2", 2);
    using early = await TestClient.connect(server.port);
    await early.subscribe("t", { last_n: 5 });
    expect(outline(await early.settled())).toEqual([1, 2]);
    for (const i of [3, 4, 5, 6, 7]) await publisher.published("t", `m${i}`, i);
    using late = await TestClient.connect(server.port);
    expect(await late.subscribe("t", { last_n: 5 })).toMatchObject({ offset: 7 });
    expect(outline(await late.settled())).toEqual([3, 4, 5, 6, 7]);
    late.send({ type: "subscribe", topic: "t", client_id: "c1", last_n: 6 });
    expect(await late.expect("error")).toMatchObject({ error: { code: "BAD_REQUEST" } });
  });

  test("replays up to 100 messages by default, and refuses a last_n above", async () => {
    await using server = await ServerProcess.start();
    using publisher = await TestClient.connect(server.port);
    for (let i = 1; i <= 120; i++) publisher.publish("t", `m${i}`, i);
    expect(await publisher.settled()).toHaveLength(120);
    using client = await TestClient.connect(server.port);
    await client.subscribe("t", { last_n: 100 });
    expect(outline(await client.settled())).toEqual(Array.from({ length: 100 }, (_, i) => i + 21));
    for (const last_n of [101, -1, 1.5, "5", null, true]) {
      client.send({ type: "subscribe", topic: "t", client_id: "c1", last_n });
      expect(await client.expect("error")).toMatchObject({ error: { code: "BAD_REQUEST" } });
    }
  });

  test("replays events exactly as they were sent live, with their original timestamps", async () => {
    await using server = await ServerProcess.start();
    using live = await TestClient.connect(server.port);
    using publisher = await TestClient.connect(server.port);
    await live.subscribe("t");
    await publisher.published("t", "m1", { n: 1 });
    await publisher.published("t", "m2", { n: 2 });
    const texts = [await live.nextText(), await live.nextText()];
    const sentBefore = Date.now();
    // The next millisecond, so that a fresh timestamp could not be the old one.
    while (Date.now() <= sentBefore) await live.settled();
    using late = await TestClient.connect(server.port);
    await late.subscribe("t", { last_n: 2 });
    expect([await late.nextText(), await late.nextText()]).toEqual(texts);
  });
});

describe("a subscribe to a topic that the connection has already", () => {
  test("is acked, delivers each event once as before, and replays again if asked to", async () => {
    await using server = await ServerProcess.start();
    using client = await TestClient.connect(server.port);
    using publisher = await TestClient.connect(server.port);
    const { epoch } = await client.subscribe("t");
    await publisher.published("t", "m1", 1);
    await publisher.published("t", "m2", 2);
    expect(outline(await client.settled())).toEqual([1, 2]);
    expect(await client.subscribe("t", { last_n: 1, request_id: "again" })).toMatchObject({
      request_id: "again",
      epoch,
      offset: 2,
    });
    expect(outline(await client.settled())).toEqual([2]);
    await client.subscribe("t", { last_n: 2 });
    expect(outline(await client.settled())).toEqual([1, 2]);
    await publisher.published("t", "m3", 3);
    expect(outline(await client.settled())).toEqual([3]);
    expect((await server.stats()).topics["t"]).toMatchObject({ subscriber_count: 1 });
    // One unsubscribe ends it, however often it was made.
    client.send({ type: "unsubscribe", topic: "t", client_id: "c1" });
    await client.expect("ack");
    expect((await server.stats()).total_topics).toBe(0);
  });

  test("takes the new client_id, which unsubscribe then needs", async () => {
    await using server = await ServerProcess.start();
    using client = await TestClient.connect(server.port);
    await client.subscribe("t", { client_id: "old" });
    await client.subscribe("t", { client_id: "new" });
    client.send({ type: "unsubscribe", topic: "t", client_id: "old" });
    await client.expect("error");
    client.send({ type: "unsubscribe", topic: "t", client_id: "new" });
    await client.expect("ack");
  });
});

describe("an unsubscribe", () => {
  test("is acked with the topic, and ends what comes from it", async () => {
    await using server = await ServerProcess.start();
    using client = await TestClient.connect(server.port);
    using publisher = await TestClient.connect(server.port);
    await client.subscribe("t", { client_id: "subscriber-1" });
    await publisher.subscribe("t");
    client.send({ type: "unsubscribe", topic: "t", client_id: "subscriber-1", request_id: "unsub-001" });
    const ack: unknown = JSON.parse(await client.nextText());
    const ts = expect.any(String);
    expect(ack).toEqual({ type: "ack", request_id: "unsub-001", topic: "t", status: "ok", ts });
    publisher.publish("t", "m", 1);
    expect(await publisher.settled()).toHaveLength(2);
    expect(await client.settled()).toEqual([]);
  });

  test("from a topic that only others have is BAD_REQUEST, and does not end theirs", async () => {
    await using server = await ServerProcess.start();
    using client = await TestClient.connect(server.port);
    using other = await TestClient.connect(server.port);
    await other.subscribe("t", { client_id: "same" });
    client.send({ type: "unsubscribe", topic: "t", client_id: "same", request_id: "u1" });
    expect(await client.expect("error")).toMatchObject({ request_id: "u1", error: { code: "BAD_REQUEST" } });
    await client.published("t", "m", 1);
    expect(outline(await other.settled())).toEqual([1]);
  });

  test("a second time is BAD_REQUEST", async () => {
    await using server = await ServerProcess.start();
    using client = await TestClient.connect(server.port);
    await client.subscribe("t");
    client.send({ type: "unsubscribe", topic: "t", client_id: "c1" });
    await client.expect("ack");
    client.send({ type: "unsubscribe", topic: "t", client_id: "c1" });
    expect(await client.expect("error")).toMatchObject({ error: { code: "BAD_REQUEST" } });
  });

  test("with another client_id is BAD_REQUEST, and leaves the subscription", async () => {
    await using server = await ServerProcess.start();
    using client = await TestClient.connect(server.port);
    await client.subscribe("t", { client_id: "one" });
    client.send({ type: "unsubscribe", topic: "t", client_id: "two" });
    expect(await client.expect("error")).toMatchObject({ error: { code: "BAD_REQUEST" } });
    using publisher = await TestClient.connect(server.port);
    await publisher.published("t", "m", 1);
    expect(outline(await client.settled())).toEqual([1]);
  });
});

describe("client_id", () => {
  test("may be the same on several connections: each has a subscription of its own", async () => {
    await using server = await ServerProcess.start();
    using first = await TestClient.connect(server.port);
    using second = await TestClient.connect(server.port);
    await first.subscribe("t", { client_id: "same" });
    await second.subscribe("t", { client_id: "same" });
    expect((await server.stats()).topics["t"]).toMatchObject({ subscriber_count: 2 });
  });
});

describe(`${JOINING} subscribers`, () => {
  test("that join with last_n in mid-stream see neither a gap nor a duplicate", async () => {
    await using server = await ServerProcess.start();
    using publisher = await TestClient.connect(server.port);
    const pump = new Pump(publisher, "stream");
    await pump.reached(100);
    const joined: { client: TestClient; firstOffset: number; joinedAt: number }[] = [];
    for (let n = 0; n < JOINING; n++) {
      const client = await TestClient.connect(server.port);
      // From one message to the whole ring, which is in full turnover meanwhile.
      const last_n = 1 + ((n * 37) % 100);
      const { offset = 0 } = await client.subscribe("stream", { last_n });
      joined.push({ client, joinedAt: offset, firstOffset: offset - last_n + 1 });
      await pump.reached(offset + 1);
    }
    const lastOffset = await pump.stop();
    for (const { client, firstOffset } of joined) {
      const offsets = outline(await client.settled());
      expect(offsets).toEqual(Array.from({ length: lastOffset - firstOffset + 1 }, (_, i) => firstOffset + i));
      client[Symbol.dispose]();
    }
    expect(new Set(joined.map(({ joinedAt }) => joinedAt)).size).toBe(JOINING);
    expect(await server.stats()).toMatchObject({ dropped_messages: 0, internal_errors: 0 });
  }, 60_000);
});
