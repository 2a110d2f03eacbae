import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { z } from "zod";
import { TestClient } from "./support/client.ts";
import { ServerProcess } from "./support/server-process.ts";

vi.setConfig({ testTimeout: 30_000, hookTimeout: 30_000 });

let server: ServerProcess;
let publisher: TestClient;

beforeAll(async () => {
  server = await ServerProcess.start(["-ring-buffer-size=3"]);
  publisher = await TestClient.connect(server.port);
});

afterAll(async () => {
  publisher[Symbol.dispose]();
  await server[Symbol.asyncDispose]();
});

const historySchema = z.strictObject({
  topic: z.string(),
  epoch: z.string(),
  recovered: z.boolean().optional(),
  messages: z.array(z.strictObject({ offset: z.int(), id: z.string(), payload: z.unknown(), ts: z.iso.datetime() })),
});

async function history(topic: string, query = "") {
  const answer = await server.fetch(`/topics/${encodeURIComponent(topic)}/messages${query}`);
  expect(answer.status).toBe(200);
  return historySchema.parse(await answer.json());
}

function offsetsOf({ messages }: z.infer<typeof historySchema>): number[] {
  return messages.map((message) => message.offset);
}

/** Publishes so many messages to a new topic. */
async function published(topic: string, count: number): Promise<string> {
  for (let n = 1; n <= count; n++) await publisher.published(topic, `m${n}`, n);
  return topic;
}

describe("the history of a topic", () => {
  test("is what the topic holds, oldest first, or the last of it", async () => {
    const topic = await published("held", 5);
    const all = await history(topic);
    expect(all).toMatchObject({ topic, messages: [{ id: "m3", payload: 3 }, { id: "m4" }, { id: "m5", offset: 5 }] });
    expect(all.recovered).toBeUndefined();
    expect(offsetsOf(await history(topic, "?last_n=2"))).toEqual([4, 5]);
    expect(offsetsOf(await history(topic, "?last_n=0"))).toEqual([]);
  });

  test("from a position is what a subscriber that resumes there gets", async () => {
    const topic = await published("resumed", 5);
    const { epoch } = await history(topic);
    for (const [query, recovered, offsets] of [
      [`?epoch=${epoch}&offset=5`, true, []],
      [`?epoch=${epoch}&offset=3`, true, [4, 5]],
      [`?epoch=${epoch}&offset=2`, true, [3, 4, 5]],
      [`?epoch=${epoch}&offset=1`, false, [3, 4, 5]],
      [`?epoch=${epoch}&offset=9`, false, [3, 4, 5]],
      ["?epoch=another&offset=5", false, [3, 4, 5]],
    ] as const) {
      const found = await history(topic, query);
      expect({ query, recovered: found.recovered, offsets: offsetsOf(found) }).toEqual({
        query,
        recovered,
        offsets: [...offsets],
      });
    }
  });

  test("has every payload and id byte for byte", async () => {
    const payload = '{ "n":9007199254740993,"big":1e400,"z":-0.0,"a":"\\u0041","b":[ ] }';
    publisher.send(`{"type":"publish","topic":"a/b","message":{"id":"\\u0069d","payload":${payload}}}`);
    await publisher.expect("ack");
    const text = await (await server.fetch("/topics/a%2Fb/messages")).text();
    expect(text).toContain(`"offset":1,"id":"\\u0069d","payload":${payload},"ts":"`);
  });

  test.each([
    "?last_n=4",
    "?last_n=-1",
    "?last_n=1.5",
    "?last_n=1e0",
    "?last_n=",
    "?last_n=all",
    "?epoch=e",
    "?offset=1",
    "?epoch=e&offset=x",
    "?epoch=e&offset=1&last_n=1",
    `?epoch=${"e".repeat(65)}&offset=1`,
  ])("is not asked for by %s", async (query) => {
    const topic = await published("asked", 1);
    const answer = await server.fetch(`/topics/${topic}/messages${query}`);
    expect(answer.status).toBe(400);
    expect(await answer.json()).toMatchObject({ error: { code: "BAD_REQUEST" } });
  });
});

test("the details of a topic tell its epoch and what replay can still give", async () => {
  const details = async (topic: string) => (await server.fetch(`/topics/${topic}`)).json();
  await server.post("/topics", { name: "fresh" });
  expect(await details("fresh")).toMatchObject({ name: "fresh", newest_offset: 0, oldest_offset: 0, message_count: 0 });
  const topic = await published("detailed", 5);
  const { epoch } = await history(topic);
  expect(await details(topic)).toMatchObject({
    name: topic,
    epoch,
    newest_offset: 5,
    oldest_offset: 3,
    ttl: "0s",
    message_count: 5,
  });
});

test("the subscribers of a topic are told with since when, how connected and how well they read", async () => {
  using first = await TestClient.connect(server.port);
  using second = await TestClient.connect(server.port);
  await first.subscribe("crowd", { client_id: "one" });
  await second.subscribe("crowd", { client_id: "two" });
  const answer = await server.fetch("/topics/crowd/subscribers");
  const common = { since: expect.stringMatching(/^20.*Z$/), transport: "websocket", queue_depth: 0, dropped: 0 };
  expect(await answer.json()).toEqual({
    topic: "crowd",
    subscribers: [
      { client_id: "one", ...common },
      { client_id: "two", ...common },
    ],
  });
});

test("the losses of a subscriber that does not read are told of it, and of nobody else", async () => {
  await using small = await ServerProcess.start(["-max-queue-size=10", "-write-wait=1m", "-ring-buffer-size=0"]);
  using stalled = await TestClient.connect(small.port);
  using sender = await TestClient.connect(small.port);
  await stalled.subscribe("t", { client_id: "stalled" });
  stalled.pause();
  const schema = z.object({ subscribers: z.array(z.object({ queue_depth: z.int(), dropped: z.int() })) });
  for (let n = 0; n < 300; n++) {
    await sender.published("t", "m", "x".repeat(100_000));
    const { subscribers } = schema.parse(await (await small.fetch("/topics/t/subscribers")).json());
    if ((subscribers[0]?.dropped ?? 0) > 0) {
      expect(subscribers[0]?.queue_depth).toBe(10);
      return;
    }
  }
  throw new Error("nothing was ever dropped");
});

test("a topic that is not there has neither", async () => {
  for (const path of ["", "/messages", "/subscribers"]) {
    const answer = await server.fetch(`/topics/nowhere${path}`);
    expect(answer.status).toBe(404);
    expect(await answer.json()).toMatchObject({ error: { code: "NOT_FOUND" } });
  }
});
