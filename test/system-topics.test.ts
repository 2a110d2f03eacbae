import { describe, expect, test } from "vitest";
import { z } from "zod";
import { type Happening, happeningSchema, serverInfoSchema, systemStatsSchema } from "../src/protocol/system.ts";
import { TestClient, UpgradeRefused } from "./support/client.ts";
import { ServerProcess } from "./support/server-process.ts";
import { StreamClient } from "./support/stream-client.ts";
import { nextMessage } from "./support/subscriber.ts";
import { TemporaryFile } from "./support/temporary-file.ts";

// The server's own topics, over real sockets.

const TIMEOUT_MS = 60_000;
const EVERYTHING = { since: { epoch: "", offset: 0 } };
const KEY = { "X-API-Key": "the-admin-key" };

/** Reads events of one topic until one is what is looked for; what comes besides is passed over. */
async function find<T>(client: TestClient, wanted: (payload: unknown) => T | undefined): Promise<T> {
  for (;;) {
    const message = await client.next(10_000);
    const found = message.type === "event" ? wanted(message.message.payload) : undefined;
    if (found !== undefined) return found;
  }
}

function happening(client: TestClient, code: Happening["code"]): Promise<Happening> {
  return find(client, (payload) => {
    const told = happeningSchema.parse(payload);
    return told.code === code ? told : undefined;
  });
}

async function watch(server: ServerProcess, topic: string, headers: Record<string, string> = {}): Promise<TestClient> {
  const client = await TestClient.connect(server.port, { headers });
  await client.subscribe(topic, EVERYTHING);
  return client;
}

describe("$sys/server", () => {
  test("tells what runs, and with which bounds", async () => {
    await using server = await ServerProcess.start(["-max-queue-size=7", "-ring-buffer-size=9", "-max-connections=50"]);
    using client = await watch(server, "$sys/server");
    const info = await find(client, (payload) => serverInfoSchema.parse(payload));
    expect(info.limits).toMatchObject({ max_queue_size: 7, ring_buffer_size: 9, max_connections: 50 });
    expect(Date.now() - Date.parse(info.started_at)).toBeLessThan(TIMEOUT_MS);
  });
});

describe("$sys/stats", () => {
  test(
    "tells every second how the server does, as the statistics have it",
    async () => {
      await using server = await ServerProcess.start();
      using watcher = await watch(server, "$sys/stats");
      using subscriber = await TestClient.connect(server.port);
      await subscriber.subscribe("a");
      await subscriber.subscribe("b");
      using publisher = await TestClient.connect(server.port);
      for (let i = 0; i < 25; i++) await publisher.published("a", `m${i}`, i);
      const stats = await find(watcher, (payload) => {
        const read = systemStatsSchema.parse(payload);
        return read.total.published === 25 ? read : undefined;
      });
      expect(stats).toMatchObject({ clients: 3, topics: 2, active_topics: 2, subscriptions: 2, queued_messages: 0 });
      expect(stats.total).toMatchObject({ delivered: 25, dropped: 0, errors: 0 });
      expect(stats.memory_bytes).toBeGreaterThan(1_000_000);
      const { time } = await find(watcher, (payload) => {
        const { uptime_sec: time, per_sec } = systemStatsSchema.parse(payload);
        return per_sec.published === 0 ? { time } : undefined;
      });
      const next = await find(watcher, (payload) => systemStatsSchema.parse(payload));
      expect(next.uptime_sec - time).toBeLessThanOrEqual(2);
    },
    TIMEOUT_MS,
  );

  test("comes over event streams and as history, too", async () => {
    await using server = await ServerProcess.start();
    using stream = await StreamClient.connect(server.port, "/topics/%24sys%2Fstats/events");
    expect((await nextMessage(stream)).type).toBe("ack");
    const event = await nextMessage(stream);
    if (event.type !== "event") throw new Error(`expected an event, got ${event.type}`);
    expect(systemStatsSchema.parse(event.message.payload).event_streams).toBe(1);
    const history = await (await server.fetch("/topics/%24sys%2Fstats/messages?last_n=1")).json();
    expect(history).toMatchObject({ topic: "$sys/stats", messages: [{ offset: event.offset }] });
  });
});

describe("the server's own topics", () => {
  test("take nothing from clients, through any door, the admin's key included", async () => {
    await using server = await ServerProcess.start(["-api-key=the-admin-key"]);
    using client = await TestClient.connect(server.port, { headers: KEY });
    for (const name of ["$sys/stats", "$sys/other"]) {
      const path = `/topics/${encodeURIComponent(name)}`;
      client.publish(name, "m", 1);
      expect(await client.expect("error")).toMatchObject({ error: { code: "FORBIDDEN" } });
      const answers = [
        server.post(`${path}/messages`, { payload: 1 }, KEY),
        server.post(`${path}/messages`, { messages: [{ payload: 1 }] }, KEY),
        server.post("/topics", { name }, KEY),
        server.fetch(path, { method: "DELETE", headers: KEY }),
      ];
      expect((await Promise.all(answers)).map(({ status }) => status)).toEqual([403, 403, 403, 403]);
    }
    client.send({ type: "subscribe", topic: "$sys/other", client_id: "c" });
    expect(await client.expect("error")).toMatchObject({ error: { code: "TOPIC_NOT_FOUND" } });
  });

  test("are in no list and no count", async () => {
    await using server = await ServerProcess.start();
    using client = await TestClient.connect(server.port);
    await client.subscribe("$sys/stats");
    await client.expect("event");
    expect(await (await server.fetch("/topics")).json()).toEqual({ topics: [] });
    expect(await (await server.fetch("/health")).json()).toMatchObject({
      topics: 0,
      subscribers: 0,
      total_messages: 0,
    });
    expect(await server.stats()).toMatchObject({
      total_clients: 1,
      total_topics: 0,
      total_messages: 0,
      active_topics: 0,
      delivered_messages: 0,
      topics: {},
    });
  });

  test("are for every key that may subscribe, and for tokens that name them", async () => {
    const keys = ["-api-key=the-admin-key", "-api-key=view:subscribe:view-key", "-api-key=feed:publish:feed-key"];
    await using server = await ServerProcess.start(keys);
    const tokenFor = async (subscribe: readonly string[]) => {
      const answer = await server.post("/tokens", { client_id: "c1", subscribe }, KEY);
      return z.object({ token: z.string() }).parse(await answer.json()).token;
    };
    const outcome = async (headers: Record<string, string>) => {
      using client = await TestClient.connect(server.port, { headers });
      client.send({ type: "subscribe", topic: "$sys/events", client_id: "c1" });
      const answer = await client.next();
      return answer.type === "error" ? answer.error.code : answer.type;
    };
    const bearer = (text: string) => ({ Authorization: `Bearer ${text}` });
    expect({
      admin: await outcome(KEY),
      subscriber: await outcome(bearer("view-key")),
      publisher: await outcome(bearer("feed-key")),
      everything: await outcome(bearer(await tokenFor(["*"]))),
      "what begins with $": await outcome(bearer(await tokenFor(["$*", "$sys*"]))),
      "all of them": await outcome(bearer(await tokenFor(["$sys/*"]))),
      "this one": await outcome(bearer(await tokenFor(["$sys/events"]))),
      another: await outcome(bearer(await tokenFor(["$sys/stats"]))),
    }).toEqual({
      admin: "ack",
      subscriber: "ack",
      publisher: "FORBIDDEN",
      everything: "FORBIDDEN",
      "what begins with $": "FORBIDDEN",
      "all of them": "ack",
      "this one": "ack",
      another: "FORBIDDEN",
    });
  });
});

describe("$sys/events", () => {
  test(
    "tells who was refused, from where, and how often",
    async () => {
      const flags = [
        "-api-key=the-admin-key",
        "-rate-limit-per-min=1",
        "-rate-limit-burst=8",
        "-max-message-size=1024",
      ];
      await using server = await ServerProcess.start(flags);
      using watcher = await watch(server, "$sys/events", KEY);
      expect(await happening(watcher, "SERVER_STARTED")).toMatchObject({ level: "info", count: 1 });
      const wrong = { headers: { "X-API-Key": "wrong" } };
      await expect(TestClient.connect(server.port, wrong)).rejects.toThrow(UpgradeRefused);
      for (let i = 0; i < 2; i++) await server.fetch("/stats", wrong);
      expect(await happening(watcher, "UNAUTHORIZED")).toMatchObject({
        level: "warning",
        address: "127.0.0.1",
        count: 3,
      });
      using client = await TestClient.connect(server.port, { headers: KEY });
      client.publish("$sys/stats", "m", 1);
      expect(await happening(watcher, "FORBIDDEN")).toMatchObject({ address: "127.0.0.1", client: 2, count: 1 });
      client.publish("a", "m", "x".repeat(2000));
      expect(await happening(watcher, "PAYLOAD_TOO_LARGE")).toMatchObject({ client: 2 });
      // Requests with a valid key are not counted.
      for (let i = 0; i < 12; i++) await server.fetch("/stats");
      expect(await happening(watcher, "RATE_LIMITED")).toMatchObject({ address: "127.0.0.1" });
    },
    TIMEOUT_MS,
  );

  test(
    "tells who did not keep up, and what was lost",
    async () => {
      await using server = await ServerProcess.start(["-max-queue-size=10", "-write-wait=1s"]);
      using watcher = await watch(server, "$sys/events");
      using stalled = await TestClient.connect(server.port);
      await stalled.subscribe("busy");
      stalled.pause();
      using publisher = await TestClient.connect(server.port);
      for (let i = 0; i < 200; i++) await publisher.published("busy", `m${i}`, "x".repeat(100_000));
      const lost = { client: 2, address: "127.0.0.1", level: "warning" };
      let dropped = 0;
      let slow: Happening | undefined;
      while (dropped === 0 || slow === undefined || dropped < (await server.stats()).dropped_messages) {
        const told = await find(watcher, (payload) => happeningSchema.parse(payload));
        if (told.code === "MESSAGES_DROPPED") {
          expect(told).toMatchObject(lost);
          dropped += told.count;
        }
        if (told.code === "SLOW_CONSUMER") slow = told;
      }
      expect(slow).toMatchObject({ ...lost, count: 1 });
      expect((await server.stats()).dropped_messages).toBe(dropped);
    },
    TIMEOUT_MS,
  );

  test(
    "tells of deletions, of limits, of keys read anew, and of the end",
    async () => {
      using keys = new TemporaryFile("keys", "boss admin the-admin-key\n");
      await using server = await ServerProcess.start([`-api-keys-file=${keys.path}`, "-max-topics=1"]);
      using watcher = await watch(server, "$sys/events", KEY);
      await server.post("/topics", { name: "only" }, KEY);
      await server.post("/topics", { name: "one too many" }, KEY);
      expect(await happening(watcher, "LIMIT_EXCEEDED")).toMatchObject({ address: "127.0.0.1" });
      await server.fetch("/topics/only", { method: "DELETE", headers: KEY });
      expect(await happening(watcher, "TOPIC_DELETED")).toMatchObject({ topic: "only", level: "info" });
      process.kill(server.pid, "SIGHUP");
      expect(await happening(watcher, "RELOADED")).toMatchObject({ level: "info", message: "1 API keys loaded" });
      keys.write("no key\n");
      process.kill(server.pid, "SIGHUP");
      expect(await happening(watcher, "RELOADED")).toMatchObject({ level: "error" });
      process.kill(server.pid, "SIGTERM");
      expect(await happening(watcher, "SERVER_SHUTDOWN")).toMatchObject({ level: "info" });
      expect((await watcher.closed).code).toBe(1001);
    },
    TIMEOUT_MS,
  );
});
