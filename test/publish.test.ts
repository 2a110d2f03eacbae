import { describe, expect, test, vi } from "vitest";
import { TestClient } from "./support/client.ts";
import { ServerProcess } from "./support/server-process.ts";

vi.setConfig({ testTimeout: 30_000, hookTimeout: 30_000 });

/** JSON texts that a parser and a serializer between them would change. */
const PAYLOADS = [
  "null",
  "true",
  '""',
  "0",
  "-0",
  "9223372036854775807",
  "-9223372036854775809",
  "0.10000000000000000555111512312578270",
  "1e400",
  "-1E+2",
  "1.0",
  '"\\u0041\\/\\ud83d\\ude00"',
  '"\\ud800"',
  '"\\u0000"',
  '"ä ☃ 😀 \u2028"',
  '{"b":1,"a":2,"10":3,"9":4}',
  '{"a":1,"a":2}',
  '{"__proto__":{"x":1},"constructor":null}',
  '{ "spaces" : [ 1 ,\t2 ,\r\n3 ] }',
  "[]",
  "{}",
  `${"[".repeat(998)}${"]".repeat(998)}`,
  `"${"x".repeat(200_000)}"`,
];

describe("a payload", () => {
  test("reaches live subscribers and later ones byte for byte, whatever JSON it is", async () => {
    await using server = await ServerProcess.start();
    using subscriber = await TestClient.connect(server.port);
    using publisher = await TestClient.connect(server.port);
    await subscriber.subscribe("t");
    for (const [i, payload] of PAYLOADS.entries()) {
      publisher.send(`{"type":"publish","topic":"t","message":{"id":"m${i}","payload":${payload}}}`);
      await publisher.expect("ack");
      expect(await subscriber.nextText()).toContain(`"message":{"id":"m${i}","payload":${payload}},`);
    }
    using late = await TestClient.connect(server.port);
    await late.subscribe("t", { last_n: PAYLOADS.length });
    for (const [i, payload] of PAYLOADS.entries()) {
      expect(await late.nextText()).toContain(`"message":{"id":"m${i}","payload":${payload}},`);
    }
  });

  test("and everything else of a request with duplicate keys is the last one", async () => {
    await using server = await ServerProcess.start();
    using client = await TestClient.connect(server.port);
    await client.subscribe("second");
    client.send(
      '{"type":"ping","topic":"first","message":{"id":"a","payload":1},"topic":"second","type":"publish",' +
        '"message":{"id":"b","id":"c","payload":2,"payload":3}}',
    );
    const messages = await client.settled();
    expect(messages.map((message) => message.type).sort()).toEqual(["ack", "event"]);
    const event = messages.find((message) => message.type === "event");
    expect(event).toMatchObject({ topic: "second", message: { id: "c", payload: 3 } });
    // What an earlier duplicate said is not filled in where the last one says nothing.
    client.send('{"type":"publish","topic":"second","message":{"id":"a","payload":1},"message":{"id":"b"}}');
    expect(await client.expect("error")).toMatchObject({ error: { code: "BAD_REQUEST" } });
  });
});

describe("a publish", () => {
  test("is acked with its topic and its event's offset, counted from 1 in each topic by itself", async () => {
    await using server = await ServerProcess.start();
    using client = await TestClient.connect(server.port);
    for (const offset of [1, 2, 3]) {
      for (const topic of ["a", "b"]) {
        client.publish(topic, "m", null, { request_id: `${topic}${offset}` });
        const ack: unknown = JSON.parse(await client.nextText());
        const ts = expect.any(String);
        expect(ack).toEqual({ type: "ack", request_id: `${topic}${offset}`, topic, status: "ok", offset, ts });
      }
    }
  });

  test("reaches every subscriber of its topic once, in the same order, and nobody else", async () => {
    await using server = await ServerProcess.start();
    using first = await TestClient.connect(server.port);
    using second = await TestClient.connect(server.port);
    using elsewhere = await TestClient.connect(server.port);
    await first.subscribe("t");
    await second.subscribe("t");
    await elsewhere.subscribe("other");
    const publishers = await Promise.all([1, 2, 3].map(() => TestClient.connect(server.port)));
    for (let i = 0; i < 100; i++) {
      for (const [p, publisher] of publishers.entries()) publisher.publish("t", `p${p}-${i}`, i);
    }
    for (const publisher of publishers) {
      expect(await publisher.settled()).toHaveLength(100);
      publisher[Symbol.dispose]();
    }
    const seen = await Promise.all(
      [first, second].map(async (client) =>
        (await client.settled()).map((message) =>
          message.type === "event" ? [message.offset, message.message.id] : message.type,
        ),
      ),
    );
    expect(seen[0]).toHaveLength(300);
    expect(seen[0]).toEqual(seen[1] ?? []);
    expect(seen[0]?.map((entry) => entry[0])).toEqual(Array.from({ length: 300 }, (_, i) => i + 1));
    // Of one publisher, what it sent first comes first.
    for (const p of [0, 1, 2]) {
      const own = seen[0]?.map((entry) => String(entry[1])).filter((id) => id.startsWith(`p${p}-`));
      expect(own).toEqual(Array.from({ length: 100 }, (_, i) => `p${p}-${i}`));
    }
    expect(await elsewhere.settled()).toEqual([]);
  });

  test("to a topic that the publisher subscribed to comes back to it, once", async () => {
    await using server = await ServerProcess.start();
    using client = await TestClient.connect(server.port);
    await client.subscribe("t");
    client.publish("t", "mine", { n: 1 }, { request_id: "p1" });
    const messages = await client.settled();
    expect(messages).toHaveLength(2);
    expect(messages).toContainEqual(expect.objectContaining({ type: "ack", request_id: "p1", offset: 1 }));
    const event = { type: "event", topic: "t", message: { id: "mine", payload: { n: 1 } }, offset: 1 };
    expect(messages).toContainEqual(expect.objectContaining(event));
  });

  test("that was refused reaches nobody and takes no offset", async () => {
    await using server = await ServerProcess.start();
    using subscriber = await TestClient.connect(server.port);
    using publisher = await TestClient.connect(server.port);
    await subscriber.subscribe("t");
    publisher.send({ type: "publish", topic: "t", message: { id: "", payload: 1 } });
    await publisher.expect("error");
    expect(await publisher.published("t", "m", 1)).toMatchObject({ offset: 1 });
    expect(await subscriber.settled()).toEqual([expect.objectContaining({ offset: 1 })]);
  });

  test("with an id that other messages have is a message of its own", async () => {
    await using server = await ServerProcess.start();
    using subscriber = await TestClient.connect(server.port);
    await subscriber.subscribe("t");
    using publisher = await TestClient.connect(server.port);
    await publisher.published("t", "same", 1);
    await publisher.published("t", "same", 1);
    expect(await subscriber.settled()).toHaveLength(2);
  });

  test("with dedupe is answered with the first offset while the topic holds the id", async () => {
    await using server = await ServerProcess.start(["-ring-buffer-size=2"]);
    using client = await TestClient.connect(server.port);
    const publish = async (id: string, extra: object = { dedupe: true }) => {
      client.publish("t", id, id, extra);
      const { offset, duplicate } = await client.expect("ack");
      return duplicate === undefined ? offset : `again ${offset}`;
    };
    expect([await publish("a"), await publish("b"), await publish("a"), await publish("b")]).toEqual([
      1,
      2,
      "again 1",
      "again 2",
    ]);
    // Without dedupe an id says nothing; and the first one has now left the ring.
    expect([await publish("b", {}), await publish("a")]).toEqual([3, 4]);
    expect((await server.stats()).topics["t"]).toMatchObject({ message_count: 4 });
    client.publish("t", "a", 1, { dedupe: "yes" });
    expect(await client.expect("error")).toMatchObject({ error: { code: "BAD_REQUEST" } });
  });
});

describe("an event", () => {
  test("has the type, topic, message, offset and timestamp, and no request_id", async () => {
    await using server = await ServerProcess.start();
    using subscriber = await TestClient.connect(server.port);
    using publisher = await TestClient.connect(server.port);
    await subscriber.subscribe("orders", { request_id: "s1" });
    publisher.publish("orders", "msg-002", { order_id: "ORD-124", amount: 149.99 }, { request_id: "pub-001" });
    const event: unknown = JSON.parse(await subscriber.nextText());
    expect(event).toEqual({
      type: "event",
      topic: "orders",
      message: { id: "msg-002", payload: { order_id: "ORD-124", amount: 149.99 } },
      offset: 1,
      ts: expect.any(String),
    });
  });
});

describe("one connection", () => {
  test("can hold many topics, and leaves each by itself", async () => {
    await using server = await ServerProcess.start();
    using client = await TestClient.connect(server.port);
    using publisher = await TestClient.connect(server.port);
    const topics = Array.from({ length: 200 }, (_, i) => `topic ${i}`);
    for (const topic of topics) await client.subscribe(topic, { client_id: `as ${topic}` });
    for (const topic of topics) await publisher.published(topic, topic, null);
    const first = await client.settled();
    expect(first.map((message) => message.type === "event" && message.message.id).sort()).toEqual([...topics].sort());
    for (const [i, topic] of topics.entries()) {
      if (i % 2 === 0) client.send({ type: "unsubscribe", topic, client_id: `as ${topic}` });
    }
    expect(await client.settled()).toHaveLength(100);
    for (const topic of topics) await publisher.published(topic, topic, null);
    const second = await client.settled();
    const kept = topics.filter((_, i) => i % 2 === 1);
    expect(second.map((message) => message.type === "event" && message.message.id).sort()).toEqual(kept.sort());
  });
});
