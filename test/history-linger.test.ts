import { describe, expect, test, vi } from "vitest";
import { TestClient } from "./support/client.ts";
import { ServerProcess } from "./support/server-process.ts";
import { StreamClient } from "./support/stream-client.ts";
import { nextMessage } from "./support/subscriber.ts";

vi.setConfig({ testTimeout: 30_000, hookTimeout: 30_000 });

// The history of a topic outlives its last subscriber by -history-linger (rulings, section 3).

/** Subscribes to a topic as its only client, publishes to it, and leaves; resolves once the topic is removed. */
async function visit(server: ServerProcess, topic: string, messages: number) {
  const removal = server.nextLog("topic removed");
  using client = await TestClient.connect(server.port);
  const { epoch = "" } = await client.subscribe(topic);
  for (let n = 1; n <= messages; n++) client.publish(topic, `m${n}`, n);
  client.send({ type: "unsubscribe", topic, client_id: "c1" });
  await client.settled();
  const removed = await removal;
  expect(removed["topic"]).toBe(topic);
  return { epoch, why: removed["why"] };
}

async function offsets(client: TestClient): Promise<(number | string)[]> {
  return (await client.settled()).map((message) => (message.type === "event" ? message.offset : message.type));
}

async function details(server: ServerProcess, topic: string): Promise<unknown> {
  return (await server.fetch(`/topics/${topic}`)).json();
}

function remove(server: ServerProcess, topic: string): Promise<Response> {
  return server.fetch(`/topics/${topic}`, { method: "DELETE" });
}

describe("a topic that was removed with its last subscriber", () => {
  test("comes back with the subscriber: the same epoch, offsets, history and counts", async () => {
    await using server = await ServerProcess.start();
    using first = await TestClient.connect(server.port);
    const { epoch } = await first.subscribe("t");
    for (let n = 1; n <= 3; n++) first.publish("t", `m${n}`, n);
    await first.settled();
    const before = await details(server, "t");
    const removed = server.nextLog("topic removed");
    first[Symbol.dispose]();
    expect(await removed).toMatchObject({ topic: "t", why: "last subscriber left" });
    using second = await TestClient.connect(server.port);
    const ack = await second.subscribe("t", { since: { epoch, offset: 1 } });
    expect(ack).toMatchObject({ recovered: true, epoch, offset: 3 });
    expect(await offsets(second)).toEqual([2, 3]);
    expect(await details(server, "t")).toEqual(before);
    second.publish("t", "m4", 4);
    const next = [await second.next(), await second.next()];
    expect(next.map(({ type }) => type).sort()).toEqual(["ack", "event"]);
  });

  test("comes back on every reload", async () => {
    await using server = await ServerProcess.start();
    const { epoch } = await visit(server, "t", 2);
    for (const newest of [2, 3, 4]) {
      using client = await TestClient.connect(server.port);
      expect(await client.subscribe("t", { since: { epoch, offset: 0 } })).toMatchObject({
        recovered: true,
        offset: newest,
      });
      client.publish("t", "next", 1);
      client.send({ type: "unsubscribe", topic: "t", client_id: "c1" });
      await client.settled();
    }
  });

  test("is in no list and no count meanwhile, but in those of what lingers", async () => {
    await using server = await ServerProcess.start();
    await visit(server, "t", 3);
    expect(await (await server.fetch("/topics")).json()).toEqual({ topics: [] });
    for (const path of ["/topics/t", "/topics/t/messages", "/topics/t/subscribers"]) {
      expect([path, (await server.fetch(path)).status]).toEqual([path, 404]);
    }
    const stats = await server.stats();
    expect(stats).toMatchObject({ total_topics: 0, active_topics: 0, topics: {}, lingering_topics: 1 });
    expect(stats["log_bytes"]).toBeGreaterThan(0);
    expect(stats["history_bytes"]).toBe(stats["log_bytes"]);
    expect(await (await server.fetch("/health")).json()).toMatchObject({ topics: 0, subscribers: 0 });
    const metrics = await (await server.fetch("/metrics")).text();
    expect(metrics).toMatch(/^ringcast_topics 0$/m);
    expect(metrics).toMatch(/^ringcast_lingering_topics 1$/m);
    expect(metrics).toMatch(/^ringcast_log_bytes [1-9]\d*$/m);
    expect(metrics).toMatch(/^ringcast_history_bytes [1-9]\d*$/m);
  });

  test("comes back with a publish, and then lives by -idle-topic-ttl", async () => {
    await using server = await ServerProcess.start(["-idle-topic-ttl=300ms"]);
    const { epoch } = await visit(server, "t", 2);
    using publisher = await TestClient.connect(server.port);
    expect(await publisher.published("t", "m3", 3)).toMatchObject({ offset: 3 });
    expect(await details(server, "t")).toMatchObject({ epoch, message_count: 3, subscriber_count: 0 });
    expect(await server.nextLog("topic removed")).toMatchObject({ topic: "t", why: "expired" });
    expect(await publisher.subscribe("t", { since: { epoch, offset: 1 } })).toMatchObject({ recovered: true });
    expect(await offsets(publisher)).toEqual([2, 3]);
  });

  test("comes back with POST /topics, which answers 201", async () => {
    await using server = await ServerProcess.start();
    const { epoch } = await visit(server, "t", 2);
    expect((await server.post("/topics", { name: "t" })).status).toBe(201);
    expect(await details(server, "t")).toMatchObject({ epoch, newest_offset: 2, oldest_offset: 1 });
    expect((await server.post("/topics", { name: "t" })).status).toBe(409);
  });

  test("comes back where -auto-create-topics is off, too", async () => {
    await using server = await ServerProcess.start(["-auto-create-topics=false"]);
    await server.post("/topics", { name: "t" });
    const { epoch } = await visit(server, "t", 2);
    using client = await TestClient.connect(server.port);
    expect(await client.published("t", "m3", 3)).toMatchObject({ offset: 3 });
    expect(await client.subscribe("t", { since: { epoch, offset: 2 } })).toMatchObject({ recovered: true });
  });

  test("is erased by DELETE", async () => {
    await using server = await ServerProcess.start();
    const { epoch } = await visit(server, "t", 2);
    expect((await remove(server, "t")).status).toBe(200);
    expect((await remove(server, "t")).status).toBe(404);
    expect(await server.stats()).toMatchObject({ lingering_topics: 0 });
    using client = await TestClient.connect(server.port);
    const ack = await client.subscribe("t", { since: { epoch, offset: 0 } });
    expect(ack).toMatchObject({ recovered: false, offset: 0 });
    expect(ack.epoch).not.toBe(epoch);
  });

  test("that was deleted while somebody was subscribed does not linger", async () => {
    await using server = await ServerProcess.start();
    using client = await TestClient.connect(server.port);
    await client.subscribe("t");
    await remove(server, "t");
    expect((await client.closed).code).toBe(4404);
    expect(await server.stats()).toMatchObject({ total_topics: 0, lingering_topics: 0 });
  });

  test("comes back with an event stream that has a Last-Event-ID", async () => {
    await using server = await ServerProcess.start();
    using first = await StreamClient.connect(server.port, "/topics/t/events");
    await nextMessage(first);
    await server.post("/topics/t/messages", { messages: [{ payload: 1 }, { payload: 2 }] });
    for (const offset of [1, 2]) expect(await nextMessage(first)).toMatchObject({ type: "event", offset });
    const id = first.events.find(({ data }) => data.includes('"offset":1,'))?.id ?? "";
    const removed = server.nextLog("topic removed");
    first[Symbol.dispose]();
    await removed;
    await server.post("/topics/t/messages", { payload: 3 });
    using second = await StreamClient.connect(server.port, "/topics/t/events", { headers: { "Last-Event-ID": id } });
    expect(await nextMessage(second)).toMatchObject({ type: "ack", recovered: true, offset: 3 });
    for (const offset of [2, 3]) expect(await nextMessage(second)).toMatchObject({ type: "event", offset });
  });

  test("makes room for new topics before -max-topics refuses any, the oldest first", async () => {
    await using server = await ServerProcess.start(["-max-topics=3"]);
    const epochs = new Map<string, string>();
    for (const topic of ["oldest", "middle", "newest"]) epochs.set(topic, (await visit(server, topic, 1)).epoch);
    expect(await server.stats()).toMatchObject({ total_topics: 0, lingering_topics: 3 });
    expect((await server.post("/topics", { name: "new" })).status).toBe(201);
    expect(await server.stats()).toMatchObject({ total_topics: 1, lingering_topics: 2 });
    using client = await TestClient.connect(server.port);
    for (const topic of ["middle", "newest"]) {
      const since = { epoch: epochs.get(topic), offset: 0 };
      expect(await client.subscribe(topic, { since })).toMatchObject({ recovered: true });
      expect(await offsets(client)).toEqual([1]);
    }
    client.send({ type: "subscribe", topic: "oldest", client_id: "c1" });
    expect(await client.expect("error")).toMatchObject({ error: { code: "LIMIT_EXCEEDED" } });
  });
});

describe("-history-linger", () => {
  test("is how long the history of a removed topic can be brought back", async () => {
    await using server = await ServerProcess.start(["-history-linger=300ms"]);
    await using keeper = await ServerProcess.start(["-history-linger=1h"]);
    const positions = [];
    for (const each of [keeper, server]) positions.push(await visit(each, "t", 1));
    await vi.waitUntil(async () => (await server.stats())["lingering_topics"] === 0, { timeout: 10_000, interval: 20 });
    const recovered = [];
    for (const [index, { port }] of [keeper, server].entries()) {
      using client = await TestClient.connect(port);
      const since = { epoch: positions[index]?.epoch, offset: 0 };
      recovered.push((await client.subscribe("t", { since })).recovered);
    }
    expect(recovered).toEqual([true, false]);
  });

  test("of 0s removes a topic with its history at once", async () => {
    await using server = await ServerProcess.start(["-history-linger=0s"]);
    const { epoch } = await visit(server, "t", 2);
    expect(await server.stats()).toMatchObject({ total_topics: 0, lingering_topics: 0 });
    expect((await remove(server, "t")).status).toBe(404);
    using client = await TestClient.connect(server.port);
    const ack = await client.subscribe("t", { since: { epoch, offset: 0 } });
    expect(ack).toMatchObject({ recovered: false, offset: 0 });
    expect(ack.epoch).not.toBe(epoch);
  });

  test("begins once -topic-ttl has passed", async () => {
    await using server = await ServerProcess.start(["-topic-ttl=300ms"]);
    const { epoch, why } = await visit(server, "t", 1);
    expect(why).toBe("expired");
    expect(await server.stats()).toMatchObject({ total_topics: 0, lingering_topics: 1 });
    using client = await TestClient.connect(server.port);
    expect(await client.subscribe("t", { since: { epoch, offset: 1 } })).toMatchObject({ recovered: true });
  });

  test("does not apply to a topic that nobody ever subscribed to", async () => {
    await using server = await ServerProcess.start(["-idle-topic-ttl=100ms"]);
    using client = await TestClient.connect(server.port);
    const removed = server.nextLog("topic removed");
    await client.published("t", "m1", 1);
    expect(await removed).toMatchObject({ why: "expired" });
    expect(await server.stats()).toMatchObject({ total_topics: 0, lingering_topics: 0 });
    expect(await client.published("t", "m1", 1)).toMatchObject({ offset: 1 });
  });
});
