import { describe, expect, test } from "vitest";
import { z } from "zod";
import { TestClient } from "./support/client.ts";
import { ServerProcess } from "./support/server-process.ts";
import { StreamClient } from "./support/stream-client.ts";
import { nextMessage } from "./support/subscriber.ts";

const TIMEOUT_MS = 60_000;

const clientSchema = z.looseObject({ id: z.number(), connected_at: z.iso.datetime() });
const pageSchema = z.object({ total: z.number(), clients: z.array(clientSchema) });

async function list(server: ServerProcess, query = ""): Promise<z.infer<typeof pageSchema>> {
  return pageSchema.parse(await (await server.fetch(`/clients${query}`)).json());
}

async function ids(server: ServerProcess, query: string): Promise<number[]> {
  return (await list(server, query)).clients.map(({ id }) => id);
}

describe("GET /clients", () => {
  test("tells who is connected, since when, from where, and to what", async () => {
    await using server = await ServerProcess.start();
    const before = Date.now();
    using client = await TestClient.connect(server.port);
    await client.subscribe("a", { client_id: "one" });
    await client.subscribe("b", { client_id: "two" });
    await client.subscribe("$sys/stats", { client_id: "two" });
    using stream = await StreamClient.connect(server.port, "/topics/a/events?client_id=three");
    expect((await nextMessage(stream)).type).toBe("ack");
    const { clients, total } = await list(server);
    const both = { address: "127.0.0.1", as: "anybody", queue_depth: 0, queue_bytes: 0, dropped: 0 };
    expect(clients).toMatchObject([
      {
        ...both,
        id: 1,
        transport: "websocket",
        client_ids: ["one", "two"],
        subscription_count: 3,
        requests: 3,
      },
      { ...both, id: 2, transport: "sse", client_ids: ["three"], subscription_count: 1 },
    ]);
    expect(total).toBe(2);
    const connectedAt = Date.parse(clients[0]?.connected_at ?? "");
    expect([connectedAt >= before - 5, connectedAt <= Date.now() + 5]).toEqual([true, true]);
    const details = await (await server.fetch("/clients/1")).json();
    expect(details).toMatchObject({
      id: 1,
      subscriptions: [
        { topic: "a", client_id: "one" },
        { topic: "b", client_id: "two" },
        { topic: "$sys/stats", client_id: "two" },
      ],
    });
  });

  test("tells when the last pong came", async () => {
    await using patient = await ServerProcess.start(["-ping-interval=1h", "-pong-wait=2h"]);
    using unasked = await TestClient.connect(patient.port);
    await unasked.settled();
    expect((await list(patient)).clients[0]).not.toHaveProperty("last_pong_at");
    await using server = await ServerProcess.start(["-ping-interval=100ms"]);
    const begun = Date.now();
    using client = await TestClient.connect(server.port);
    while (client.pings < 2) await client.settled();
    await client.settled();
    const { last_pong_at: at } = z.object({ last_pong_at: z.iso.datetime() }).parse((await list(server)).clients[0]);
    expect(Date.parse(at)).toBeGreaterThanOrEqual(begun - 5);
  });

  test(
    "shows how full the queue of one is that does not read, and how much it lost",
    async () => {
      await using server = await ServerProcess.start(["-max-queue-size=10"]);
      using stalled = await TestClient.connect(server.port);
      await stalled.subscribe("busy");
      stalled.pause();
      using publisher = await TestClient.connect(server.port);
      const read = async () =>
        z
          .looseObject({ queue_depth: z.number(), queue_bytes: z.number(), dropped: z.number() })
          .parse((await list(server)).clients[0]);
      // As many as it takes to fill what the kernel holds; the last of them find the queue full.
      for (let i = 0; (await read()).dropped === 0 && i < 500; i++) {
        await publisher.published("busy", `m${i}`, "x".repeat(100_000));
      }
      const { dropped, queue_bytes: bytes, queue_depth: depth } = await read();
      expect([depth, bytes > 900_000, dropped]).toEqual([10, true, 1]);
    },
    TIMEOUT_MS,
  );

  test("looks for labels no further than the first hundred subscriptions of a client", async () => {
    await using server = await ServerProcess.start();
    using client = await TestClient.connect(server.port);
    for (let i = 0; i < 100; i++) await client.subscribe(`t${i}`, { client_id: i < 50 ? "one" : "two" });
    await client.subscribe("last", { client_id: "three" });
    expect((await list(server)).clients[0]).toMatchObject({ client_ids: ["one", "two"], subscription_count: 101 });
    using many = await TestClient.connect(server.port);
    for (let i = 0; i < 12; i++) await many.subscribe(`t${i}`, { client_id: `label ${i}` });
    const labels = Array.from({ length: 10 }, (_, index) => `label ${index}`);
    expect((await list(server)).clients[1]).toMatchObject({ client_ids: labels, subscription_count: 12 });
  });

  test("comes in pages, oldest first", async () => {
    await using server = await ServerProcess.start();
    const clients = await Promise.all(Array.from({ length: 5 }, () => TestClient.connect(server.port)));
    expect(await ids(server, "?limit=2")).toEqual([1, 2]);
    expect(await ids(server, "?limit=2&after=2")).toEqual([3, 4]);
    expect(await ids(server, "?limit=2&after=4")).toEqual([5]);
    expect(await list(server, "?limit=0&after=99")).toEqual({ total: 5, clients: [] });
    for (const query of ["?limit=10001", "?limit=x", "?after=-1"]) {
      expect([query, (await server.fetch(`/clients${query}`)).status]).toEqual([query, 400]);
    }
    for (const client of clients) client[Symbol.dispose]();
  });
});

describe("DELETE /clients/{id}", () => {
  test("cuts one client off with 4403, after what waits for it, and no other", async () => {
    await using server = await ServerProcess.start();
    using watcher = await TestClient.connect(server.port);
    await watcher.subscribe("$sys/events");
    using client = await TestClient.connect(server.port);
    await client.subscribe("a");
    await watcher.settled();
    const answer = await server.fetch("/clients/2", { method: "DELETE" });
    expect([answer.status, await answer.json()]).toEqual([200, { status: "cut_off", client: 2 }]);
    expect(await client.closed).toEqual({ code: 4403, reason: "disconnected by an operator" });
    for (;;) {
      const message = await watcher.expect("event", 5000);
      const code = z.looseObject({ code: z.string() }).parse(message.message.payload).code;
      if (code === "CLIENT_CUT_OFF") {
        expect(message.message.payload).toMatchObject({ client: 2, message: "disconnected by anybody" });
        break;
      }
    }
    expect((await list(server)).clients.map(({ id }) => id)).toEqual([1]);
    expect((await server.fetch("/clients/2", { method: "DELETE" })).status).toBe(404);
    expect(await server.stats()).toMatchObject({ total_clients: 1, total_topics: 0 });
  });

  test(
    "ends an event stream, too, and one that does not read within -write-wait",
    async () => {
      await using server = await ServerProcess.start(["-write-wait=300ms", "-max-queue-bytes=100000000"]);
      using stream = await StreamClient.connect(server.port, "/topics/a/events");
      expect((await nextMessage(stream)).type).toBe("ack");
      using stalled = await TestClient.connect(server.port);
      await stalled.subscribe("busy");
      stalled.pause();
      using publisher = await TestClient.connect(server.port);
      for (let i = 0; i < 60; i++) await publisher.published("busy", `m${i}`, "x".repeat(100_000));
      for (const id of [1, 2]) expect((await server.fetch(`/clients/${id}`, { method: "DELETE" })).status).toBe(200);
      expect((await stream.closed).code).toBe(4403);
      while ((await list(server)).total > 1) await publisher.settled();
    },
    TIMEOUT_MS,
  );

  test(
    "says once that a client was cut off, however often it is asked for until the client is gone",
    async () => {
      await using server = await ServerProcess.start(["-write-wait=2s", "-max-queue-bytes=100000000"]);
      using watcher = await TestClient.connect(server.port);
      await watcher.subscribe("$sys/events");
      using stalled = await TestClient.connect(server.port);
      await stalled.subscribe("busy");
      stalled.pause();
      for (let i = 0; i < 60; i++) await server.post("/topics/busy/messages", { payload: "x".repeat(100_000) });
      for (let i = 0; i < 3; i++) expect((await server.fetch("/clients/2", { method: "DELETE" })).status).toBe(200);
      await server.fetch("/topics/busy", { method: "DELETE" });
      let cutOffs = 0;
      for (;;) {
        const { code, count } = z
          .looseObject({ code: z.string(), count: z.number() })
          .parse((await watcher.expect("event", 5000)).message.payload);
        if (code === "CLIENT_CUT_OFF") cutOffs += count;
        if (code === "TOPIC_DELETED") break;
      }
      expect(cutOffs).toBe(1);
    },
    TIMEOUT_MS,
  );

  test("refuses what is no client's number", async () => {
    await using server = await ServerProcess.start();
    for (const id of ["0", "x", "1.5", "99999999999999999"]) {
      expect([id, (await server.fetch(`/clients/${id}`, { method: "DELETE" })).status]).toEqual([id, 400]);
    }
    expect((await server.fetch("/clients/7")).status).toBe(404);
  });
});
