import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { TestClient } from "./support/client.ts";
import { ServerProcess } from "./support/server-process.ts";

vi.setConfig({ testTimeout: 30_000, hookTimeout: 30_000 });

// `POST /topics` with `ttl`: how long this topic outlives its last subscriber, in place of -topic-ttl.

let server: ServerProcess;

beforeAll(async () => {
  server = await ServerProcess.start(["-topic-ttl=90s"]);
});

afterAll(() => server[Symbol.asyncDispose]());

async function details(name: string): Promise<unknown> {
  return (await server.fetch(`/topics/${encodeURIComponent(name)}`)).json();
}

/** Subscribes to a topic and unsubscribes again. */
async function visit(topic: string): Promise<void> {
  using client = await TestClient.connect(server.port);
  await client.subscribe(topic);
  client.send({ type: "unsubscribe", topic, client_id: "c1" });
  await client.expect("ack");
}

describe("a topic's ttl", () => {
  test("is shown by GET /topics/{name}: its own, or else -topic-ttl", async () => {
    for (const [ttl, shown] of [
      ["30s", "30s"],
      ["1h", "1h0m0s"],
      ["24h", "24h0m0s"],
      ["0", "0s"],
      ["never", "never"],
      [undefined, "1m30s"],
    ]) {
      const name = `shown ${ttl}`;
      expect((await server.post("/topics", { name, ttl })).status).toBe(201);
      expect(await details(name)).toMatchObject({ name, ttl: shown });
    }
    await visit("implicit");
    expect(await details("implicit")).toMatchObject({ ttl: "1m30s" });
    expect(await details("$sys/stats")).toMatchObject({ ttl: "never" });
  });

  test.each(["", "soon", "NEVER", "-1s", "60", "1d", "24h1s", `${"0".repeat(80)}s`, 60, null, true, ["1h"], { s: 1 }])(
    "of %j is refused with BAD_REQUEST",
    async (ttl) => {
      const answer = await server.post("/topics", { name: "refused", ttl });
      expect(answer.status).toBe(400);
      expect(await answer.json()).toMatchObject({
        error: { code: "BAD_REQUEST", message: expect.stringContaining("ttl") },
      });
      expect((await server.fetch("/topics/refused")).status).toBe(404);
    },
  );

  test("is how long it outlives its last subscriber, whatever -topic-ttl says", async () => {
    await server.post("/topics", { name: "at once", ttl: "0s" });
    await server.post("/topics", { name: "short", ttl: "300ms" });
    const first = server.nextLog("topic removed");
    await visit("at once");
    expect(await first).toMatchObject({ topic: "at once", why: "last subscriber left" });
    const removed = server.nextLog("topic removed");
    await visit("short");
    expect((await server.fetch("/topics/short")).status).toBe(200);
    expect(await removed).toMatchObject({ topic: "short", why: "expired" });
  });

  test("of never keeps it until it is deleted", async () => {
    await using impatient = await ServerProcess.start(["-topic-ttl=0s", "-history-linger=0s", "-idle-topic-ttl=0s"]);
    await impatient.post("/topics", { name: "kept", ttl: "never" });
    using client = await TestClient.connect(impatient.port);
    await client.subscribe("kept");
    await client.subscribe("gone");
    const removed = impatient.nextLog("topic removed");
    for (const topic of ["kept", "gone"]) client.send({ type: "unsubscribe", topic, client_id: "c1" });
    expect(await removed).toMatchObject({ topic: "gone" });
    expect(Object.keys((await impatient.stats()).topics)).toEqual(["kept"]);
    expect((await impatient.fetch("/topics/kept", { method: "DELETE" })).status).toBe(200);
    expect((await impatient.stats()).total_topics).toBe(0);
  });

  test("comes back with a topic that a subscriber brings back, and a new one replaces it", async () => {
    await server.post("/topics", { name: "back", ttl: "0s" });
    await visit("back");
    using client = await TestClient.connect(server.port);
    await client.subscribe("back");
    expect(await details("back")).toMatchObject({ ttl: "0s" });
    client.send({ type: "unsubscribe", topic: "back", client_id: "c1" });
    await client.expect("ack");
    expect((await server.post("/topics", { name: "back", ttl: "never" })).status).toBe(201);
    expect(await details("back")).toMatchObject({ ttl: "never" });
  });
});
