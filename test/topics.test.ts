import { describe, expect, test, vi } from "vitest";
import { TestClient } from "./support/client.ts";
import { ServerProcess } from "./support/server-process.ts";

vi.setConfig({ testTimeout: 30_000, hookTimeout: 30_000 });

/** Why the next topic to be removed was removed; it must be this one. */
async function removalOf(server: ServerProcess, topic: string): Promise<unknown> {
  const line = await server.nextLog("topic removed");
  expect(line["topic"]).toBe(topic);
  return line["why"];
}

async function topicNames(server: ServerProcess): Promise<string[]> {
  return Object.keys((await server.stats()).topics);
}

describe("a topic begins", () => {
  test("with POST /topics, with a subscribe or with a publish that names it", async () => {
    await using server = await ServerProcess.start();
    using client = await TestClient.connect(server.port);
    expect((await server.post("/topics", { name: "by request" })).status).toBe(201);
    await client.subscribe("by subscribe");
    await client.published("by publish", "m", 1);
    expect((await server.stats()).topics).toMatchObject({
      "by request": { name: "by request", message_count: 0, subscriber_count: 0 },
      "by subscribe": { name: "by subscribe", message_count: 0, subscriber_count: 1 },
      "by publish": { name: "by publish", message_count: 1, subscriber_count: 0 },
    });
  });

  test("only with POST /topics where -auto-create-topics is false: else it is TOPIC_NOT_FOUND", async () => {
    await using server = await ServerProcess.start(["-auto-create-topics=false"]);
    using client = await TestClient.connect(server.port);
    client.send({ type: "subscribe", topic: "t", client_id: "c1", request_id: "s1" });
    expect(await client.expect("error")).toMatchObject({ request_id: "s1", error: { code: "TOPIC_NOT_FOUND" } });
    client.publish("t", "m", 1, { request_id: "p1" });
    expect(await client.expect("error")).toMatchObject({ request_id: "p1", error: { code: "TOPIC_NOT_FOUND" } });
    expect((await server.stats()).total_topics).toBe(0);
    expect((await server.post("/topics", { name: "t" })).status).toBe(201);
    await client.subscribe("t");
    client.publish("t", "m", 1);
    expect(await client.settled()).toHaveLength(2);
  });

  test("once: a POST of a topic that a client began is a conflict", async () => {
    await using server = await ServerProcess.start();
    using client = await TestClient.connect(server.port);
    await client.subscribe("t");
    expect((await server.post("/topics", { name: "t" })).status).toBe(409);
  });
});

describe("a topic is removed", () => {
  test("with its ring when its last subscriber unsubscribes, however it was made", async () => {
    await using server = await ServerProcess.start(["-history-linger=0s"]);
    using client = await TestClient.connect(server.port);
    using other = await TestClient.connect(server.port);
    await server.post("/topics", { name: "made" });
    await client.published("published", "m", 1);
    for (const topic of ["made", "published", "joined"]) {
      await client.subscribe(topic);
      await other.subscribe(topic);
      await client.settled();
      client.send({ type: "unsubscribe", topic, client_id: "c1" });
      await client.expect("ack");
      // There is another subscriber still.
      expect(await topicNames(server)).toContain(topic);
      other.send({ type: "unsubscribe", topic, client_id: "c1" });
      await other.expect("ack");
      expect(await topicNames(server)).not.toContain(topic);
    }
    expect(await client.subscribe("published", { last_n: 10 })).toMatchObject({ offset: 0 });
    expect(await client.settled()).toEqual([]);
  });

  test("when its last subscriber closes its connection, or loses it", async () => {
    await using server = await ServerProcess.start();
    const polite = await TestClient.connect(server.port);
    await polite.subscribe("t");
    let removed = removalOf(server, "t");
    await polite.close();
    expect(await removed).toBe("last subscriber left");
    const lost = await TestClient.connect(server.port);
    await lost.subscribe("t");
    removed = removalOf(server, "t");
    lost[Symbol.dispose]();
    expect(await removed).toBe("last subscriber left");
    expect((await server.stats()).total_topics).toBe(0);
  });

  test("no earlier than -topic-ttl after its last subscriber left, who can resume meanwhile", async () => {
    await using server = await ServerProcess.start(["-topic-ttl=60s"]);
    const lone = await TestClient.connect(server.port);
    const { epoch } = await lone.subscribe("t");
    await lone.close();
    using publisher = await TestClient.connect(server.port);
    await publisher.published("t", "missed", 1);
    using back = await TestClient.connect(server.port);
    expect(await back.subscribe("t", { since: { epoch, offset: 0 } })).toMatchObject({ recovered: true, offset: 1 });
    expect(await back.expect("event")).toMatchObject({ message: { id: "missed" } });
  });

  test("once -topic-ttl has passed, unless somebody came back", async () => {
    await using server = await ServerProcess.start(["-topic-ttl=300ms", "-idle-topic-ttl=100ms"]);
    using client = await TestClient.connect(server.port);
    using returning = await TestClient.connect(server.port);
    await returning.subscribe("kept");
    await client.subscribe("left");
    const left = removalOf(server, "left");
    // In one go, so that the topic's time has no chance to run out in between.
    returning.send({ type: "unsubscribe", topic: "kept", client_id: "c1" });
    returning.send({ type: "subscribe", topic: "kept", client_id: "c1" });
    client.send({ type: "unsubscribe", topic: "left", client_id: "c1" });
    expect(await left).toBe("expired");
    // Left later, so that by its removal the time of "kept" would long be over.
    const later = removalOf(server, "later");
    await client.subscribe("later");
    client.send({ type: "unsubscribe", topic: "later", client_id: "c1" });
    expect(await later).toBe("expired");
    expect(await topicNames(server)).toEqual(["kept"]);
  });

  test("after -idle-topic-ttl without a publish if a publish made it; if a request did, it stays", async () => {
    await using server = await ServerProcess.start(["-idle-topic-ttl=300ms"]);
    using client = await TestClient.connect(server.port);
    await server.post("/topics", { name: "made" });
    await client.published("made", "m", 1);
    const gone = removalOf(server, "published");
    await client.published("published", "m", 1);
    expect(await gone).toBe("expired");
    const started = removalOf(server, "later");
    await client.published("later", "m", 1);
    expect(await started).toBe("expired");
    expect(await topicNames(server)).toEqual(["made"]);
  });

  test("no earlier than -idle-topic-ttl after its latest publish", async () => {
    await using server = await ServerProcess.start(["-idle-topic-ttl=2s"]);
    using client = await TestClient.connect(server.port);
    const gone = removalOf(server, "busy");
    const begun = performance.now();
    let lastPublish = begun;
    let offset = 0;
    // A publish right after another, for longer than the time to live: each has to find the same topic.
    while (lastPublish - begun < 3000) {
      lastPublish = performance.now();
      expect(await client.published("busy", "m", 1)).toMatchObject({ offset: ++offset });
    }
    await gone;
    expect(performance.now() - lastPublish).toBeGreaterThan(1990);
  });
});

describe("-max-topics", () => {
  test("refuses further topics with LIMIT_EXCEEDED, lets those that are there be used, and counts them as they go", async () => {
    await using server = await ServerProcess.start(["-max-topics=2"]);
    using client = await TestClient.connect(server.port);
    await client.subscribe("one");
    expect((await server.post("/topics", { name: "two" })).status).toBe(201);
    client.send({ type: "subscribe", topic: "three", client_id: "c1", request_id: "s" });
    expect(await client.expect("error")).toMatchObject({ request_id: "s", error: { code: "LIMIT_EXCEEDED" } });
    client.publish("three", "m", 1, { request_id: "p" });
    expect(await client.expect("error")).toMatchObject({ request_id: "p", error: { code: "LIMIT_EXCEEDED" } });
    await client.published("two", "m", 1);
    const existing = await server.post("/topics", { name: "two" });
    expect(existing.status).toBe(409);
    expect(await existing.json()).toMatchObject({ error: { code: "CONFLICT" } });
    const refused = await server.post("/topics", { name: "three" });
    expect(refused.status).toBe(503);
    expect(Number(refused.headers.get("Retry-After"))).toBeGreaterThan(0);
    expect(await refused.json()).toMatchObject({ error: { code: "LIMIT_EXCEEDED" } });
    expect((await server.fetch("/topics/two", { method: "DELETE" })).status).toBe(200);
    await client.subscribe("three");
  });
});

describe("DELETE /topics/{name}", () => {
  test("tells every subscriber, and closes with 4404 those left with no subscription, only those", async () => {
    await using server = await ServerProcess.start();
    using only = await TestClient.connect(server.port);
    using also = await TestClient.connect(server.port);
    using bystander = await TestClient.connect(server.port);
    await only.subscribe("t");
    await also.subscribe("t");
    await also.subscribe("another");
    await bystander.subscribe("another");
    expect((await server.fetch("/topics/t", { method: "DELETE" })).status).toBe(200);
    for (const client of [only, also]) {
      const info: unknown = JSON.parse(await client.nextText());
      expect(info).toEqual({
        type: "info",
        topic: "t",
        info: { code: "TOPIC_DELETED", message: expect.any(String) },
        ts: expect.any(String),
      });
    }
    expect((await only.closed).code).toBe(4404);
    await bystander.published("unrelated", "m", 1);
    using publisher = await TestClient.connect(server.port);
    await publisher.published("another", "m", 1);
    expect(await also.expect("event")).toMatchObject({ topic: "another" });
    also.send({ type: "unsubscribe", topic: "t", client_id: "c1" });
    expect(await also.expect("error")).toMatchObject({ error: { code: "BAD_REQUEST" } });
    expect(await bystander.settled()).toHaveLength(1);
  });

  test("sends what was published before, then the notice, then the close", async () => {
    await using server = await ServerProcess.start();
    using subscriber = await TestClient.connect(server.port);
    using publisher = await TestClient.connect(server.port);
    await subscriber.subscribe("t");
    for (let i = 0; i < 50; i++) await publisher.published("t", `m${i}`, "x".repeat(1000));
    await server.fetch("/topics/t", { method: "DELETE" });
    for (let i = 1; i <= 50; i++) expect(await subscriber.expect("event")).toMatchObject({ offset: i });
    expect(await subscriber.expect("info")).toMatchObject({ info: { code: "TOPIC_DELETED" } });
    expect((await subscriber.closed).code).toBe(4404);
  });

  test("leaves a name that can begin anew, empty", async () => {
    await using server = await ServerProcess.start();
    using client = await TestClient.connect(server.port);
    await server.post("/topics", { name: "t" });
    await client.published("t", "m", 1);
    await server.fetch("/topics/t", { method: "DELETE" });
    expect((await server.fetch("/topics/t", { method: "DELETE" })).status).toBe(404);
    expect(await client.published("t", "m", 1)).toMatchObject({ offset: 1 });
  });
});

describe("the counts", () => {
  test("of /health, /topics and /stats say what the specification says they count", async () => {
    await using server = await ServerProcess.start(["-ring-buffer-size=3"]);
    using first = await TestClient.connect(server.port);
    using second = await TestClient.connect(server.port);
    using publisher = await TestClient.connect(server.port);
    await server.post("/topics", { name: "empty" });
    await first.subscribe("a");
    await second.subscribe("a");
    await second.subscribe("b");
    for (let i = 0; i < 10; i++) await publisher.published("a", "m", 1);
    for (let i = 0; i < 5; i++) await publisher.published("b", "m", 1);
    expect(await server.stats()).toMatchObject({
      total_clients: 3,
      total_topics: 3,
      active_topics: 2,
      total_messages: 15,
      // What was published, not what the ring holds.
      topics: {
        a: { message_count: 10, subscriber_count: 2 },
        b: { message_count: 5, subscriber_count: 1 },
        empty: { message_count: 0, subscriber_count: 0 },
      },
    });
    const health = await (await server.fetch("/health")).json();
    expect(health).toMatchObject({ topics: 3, subscribers: 3, total_messages: 15 });
    // A topic that goes takes its own count along, not that of the server.
    await server.fetch("/topics/a", { method: "DELETE" });
    expect(await first.closed).toMatchObject({ code: 4404 });
    expect(await server.stats()).toMatchObject({ total_topics: 2, active_topics: 1, total_messages: 15 });
    const later = await (await server.fetch("/health")).json();
    expect(later).toMatchObject({ topics: 2, subscribers: 1, total_messages: 15 });
    await publisher.published("a", "m", 1);
    expect(await server.stats()).toMatchObject({ total_messages: 16, topics: { a: { message_count: 1 } } });
  });
});
