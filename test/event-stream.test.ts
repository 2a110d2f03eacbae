import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { z } from "zod";
import { serverMessageSchema } from "../src/protocol/messages.ts";
import { TestClient } from "./support/client.ts";
import { RawConnection } from "./support/raw-connection.ts";
import { ServerProcess } from "./support/server-process.ts";
import { StreamClient } from "./support/stream-client.ts";
import { nextMessage } from "./support/subscriber.ts";

vi.setConfig({ testTimeout: 30_000, hookTimeout: 30_000 });

const KEY = "the-admin-key";
const WITH_KEY = { "X-API-Key": KEY };

let server: ServerProcess;
let publisher: TestClient;

beforeAll(async () => {
  server = await ServerProcess.start([`-api-key=${KEY}`, "-ring-buffer-size=5", "-topic-ttl=1m"]);
  publisher = await TestClient.connect(server.port, { headers: WITH_KEY });
});

afterAll(async () => {
  publisher[Symbol.dispose]();
  await server[Symbol.asyncDispose]();
});

function open(path: string, headers: Record<string, string> = {}): Promise<StreamClient> {
  return StreamClient.connect(server.port, path, { headers: { ...WITH_KEY, ...headers } });
}

/** Publishes the topic's next messages. */
async function publish(topic: string, count: number): Promise<void> {
  for (let n = 0; n < count; n++) await publisher.published(topic, `m${n}`, n);
}

async function offsets(stream: StreamClient, count: number): Promise<number[]> {
  const found: number[] = [];
  while (found.length < count) {
    const message = await nextMessage(stream);
    if (message.type === "event") found.push(message.offset);
  }
  return found;
}

function lastId({ events }: StreamClient): string {
  return events.findLast(({ id }) => id !== undefined)?.id ?? "";
}

async function tokenFor(grant: object): Promise<string> {
  const answer = await server.post("/tokens", { client_id: "web1", ...grant }, WITH_KEY);
  return z.object({ token: z.string() }).parse(await answer.json()).token;
}

describe("an event stream", () => {
  test.each(["/topics/first/events", "/events?topic=first&topic=second"])(
    "at %s has data in its first block, which also holds the time to retry",
    async (path) => {
      using stream = await RawConnection.open(server.port);
      stream.send(`GET ${path} HTTP/1.1\r\nHost: x\r\nX-API-Key: ${KEY}\r\n\r\n`);
      const answer = await stream.until("\n\n");
      // On Bun, the body comes in chunks.
      expect(answer).toMatch(/\r\n\r\n(?:[0-9a-f]+\r\n)?retry: \d+\nid: \S+\nevent: ack\ndata: \{.+\}\n\n/);
    },
  );

  test("begins with an ack, then what is replayed, then what is live, each as a WebSocket would get it", async () => {
    await publish("begins", 3);
    using stream = await open("/topics/begins/events?last_n=2");
    using client = await TestClient.connect(server.port, { headers: WITH_KEY });
    client.send({ type: "subscribe", topic: "begins", client_id: "c", last_n: 2 });
    for (let n = 0; n < 3; n++) {
      const [here, there] = [await stream.nextText(), await client.nextText()];
      // Only the times of the two acks differ.
      if (n > 0) expect(here).toBe(there);
      else expect(JSON.parse(here)).toMatchObject({ type: "ack", offset: 3 });
    }
    await publish("begins", 1);
    expect(await stream.nextText()).toBe(await client.nextText());
    expect(stream.events.map(({ name }) => name)).toEqual(["ack", undefined, undefined, undefined]);
    expect(stream.responseHead).toMatch(/^content-type: text\/event-stream\r$/im);
    expect(stream.responseHead).toMatch(/^cache-control: no-store, no-transform\r$/im);
  });

  test("passes payloads on byte for byte, line breaks between their tokens included", async () => {
    using stream = await open("/topics/bytes/events");
    const payload = '{ "n":9223372036854775807,\n"big":1e400,\n\n"a":"\\u0041\\n","ü":"😀" }';
    publisher.send(`{"type":"publish","topic":"bytes","message":{"id":"m","payload":${payload}}}`);
    await publisher.expect("ack");
    await stream.nextText();
    expect(await stream.nextText()).toContain(`"payload":${payload}},"offset":1`);
  });

  test("carries a message whole that is larger than what is written at a time", async () => {
    using stream = await open("/topics/large/events");
    const payload = "ä😀".repeat(60_000);
    await publisher.published("large", "m", payload);
    await stream.nextText();
    expect(await nextMessage(stream)).toMatchObject({ message: { payload } });
  });

  test("counts its client like any other", async () => {
    using stream = await open("/topics/counted/events?client_id=me");
    await stream.nextText();
    const answer = await server.fetch("/topics/counted/subscribers", { headers: WITH_KEY });
    expect(await answer.json()).toMatchObject({ subscribers: [{ client_id: "me", transport: "sse", queue_depth: 0 }] });
    const stats = await (await server.fetch("/stats", { headers: WITH_KEY })).json();
    expect(stats).toMatchObject({ total_clients: expect.any(Number), event_streams: expect.any(Number) });
  });

  test("is let go of when its client leaves", async () => {
    const gone = server.nextLog("client disconnected");
    {
      using stream = await open("/topics/left/events");
      await stream.nextText();
    }
    expect(await gone).toMatchObject({ code: 1006, subscriptions: 1 });
  });

  test("begins nothing where only its headers are asked for", async () => {
    const answer = await server.fetch("/topics/only-headers/events", { method: "HEAD", headers: WITH_KEY });
    expect(answer.status).toBe(200);
    expect((await server.fetch("/topics/only-headers", { headers: WITH_KEY })).status).toBe(404);
  });
});

describe("a stream that is taken up again", () => {
  test("goes on behind the last event, without a gap and without a duplicate", async () => {
    let id = "";
    {
      using first = await open("/topics/resumed/events");
      await publish("resumed", 2);
      expect(await offsets(first, 2)).toEqual([1, 2]);
      id = lastId(first);
    }
    await publish("resumed", 3);
    using second = await open("/topics/resumed/events?last_n=5", { "Last-Event-ID": id });
    expect(await nextMessage(second)).toMatchObject({ type: "ack", recovered: true, offset: 5 });
    expect(await offsets(second, 3)).toEqual([3, 4, 5]);
    using third = await open(`/topics/resumed/events?last_event_id=${id}`);
    expect(await offsets(third, 3)).toEqual([3, 4, 5]);
  });

  test("misses nothing although it broke before its first event", async () => {
    let id = "";
    {
      using first = await open("/topics/early/events");
      await first.nextText();
      id = lastId(first);
    }
    await publish("early", 2);
    using second = await open("/topics/early/events", { "Last-Event-ID": id });
    expect(await offsets(second, 2)).toEqual([1, 2]);
  });

  test("is told what the ring no longer holds", async () => {
    let id = "";
    {
      using first = await open("/topics/late/events");
      await publish("late", 2);
      await offsets(first, 2);
      id = lastId(first);
    }
    await publish("late", 9);
    using second = await open("/topics/late/events", { "Last-Event-ID": id });
    expect(await nextMessage(second)).toMatchObject({ type: "ack", recovered: false });
    const gap = { code: "MESSAGES_MISSED", from_offset: 3, to_offset: 6, since: { offset: 2 } };
    expect(await nextMessage(second)).toMatchObject({ type: "info", topic: "late", info: gap });
    expect(await offsets(second, 5)).toEqual([7, 8, 9, 10, 11]);
    expect(second.events[1]?.name).toBe("gap");
  });

  test.each(["ffffffff.7", "nonsense", "a.1,b.2"])("is told so where its id is %s, of no such stream", async (id) => {
    const topic = `foreign-${id}`;
    await publish(topic, 7);
    using stream = await open(`/topics/${topic}/events`, { "Last-Event-ID": id });
    expect(await nextMessage(stream)).toMatchObject({ type: "ack", recovered: false, offset: 7 });
    const info = { code: "MESSAGES_MISSED", from_offset: 1, to_offset: 2 };
    expect(await nextMessage(stream)).toMatchObject({ type: "info", info });
    expect(await offsets(stream, 5)).toEqual([3, 4, 5, 6, 7]);
  });
});

describe("a stream of several topics", () => {
  test("has in each id where it stands in all of them", async () => {
    const path = "/events?topic=one&topic=two%2Fb";
    let id = "";
    {
      using first = await open(path);
      await publish("one", 2);
      await publish("two/b", 1);
      expect(await offsets(first, 3)).toEqual([1, 2, 1]);
      id = lastId(first);
    }
    await publish("two/b", 2);
    await publish("one", 1);
    using second = await open(path, { "Last-Event-ID": id });
    const texts: string[] = [];
    for (let n = 0; n < 5; n++) texts.push(await second.nextText());
    const seen = texts.map((text) => serverMessageSchema.parse(JSON.parse(text)));
    const told = seen.map((message) => "topic" in message && "offset" in message && [message.topic, message.offset]);
    expect(told).toEqual([
      ["one", 3],
      ["two/b", 3],
      ["one", 3],
      ["two/b", 2],
      ["two/b", 3],
    ]);
  });

  test("ends with the last of them, and says so as a WebSocket's close would", async () => {
    using stream = await open("/events?topic=ended-1&topic=ended-2");
    await stream.nextText();
    for (const topic of ["ended-1", "ended-2"]) {
      await server.fetch(`/topics/${topic}`, { method: "DELETE", headers: WITH_KEY });
    }
    expect(await stream.closed).toEqual({ code: 4404, reason: "the topic was deleted" });
    expect(stream.events.map(({ name }) => name)).toEqual(["ack", "ack", "info", "info", "close"]);
  });

  test.each([
    ["none", "/events"],
    ["one twice", "/events?topic=a&topic=a"],
    ["more than 100", `/events?${Array.from({ length: 101 }, (_, n) => `topic=${n}`).join("&")}`],
    ["one without a name", "/events?topic="],
  ])("is refused for %s", async (_, path) => {
    const answer = await server.fetch(path, { headers: WITH_KEY });
    expect(answer.status).toBe(400);
    expect(await answer.json()).toMatchObject({ error: { code: "BAD_REQUEST" } });
  });
});

describe("a stream with a token", () => {
  test("takes it from the URL, binds its client, and never writes it down", async () => {
    const token = await tokenFor({ subscribe: ["a*"] });
    using stream = await StreamClient.connect(server.port, `/topics/a1/events?token=${token}`);
    await stream.nextText();
    const answer = await server.fetch("/topics/a1/subscribers", { headers: WITH_KEY });
    expect(await answer.json()).toMatchObject({ subscribers: [{ client_id: "web1" }] });
    const other = StreamClient.connect(server.port, `/topics/a1/events?client_id=web2&token=${token}`);
    await expect(other).rejects.toMatchObject({ status: 403 });
    const foreign = StreamClient.connect(server.port, `/events?topic=a1&topic=b1&token=${token}`);
    await expect(foreign).rejects.toMatchObject({ status: 403 });
    expect(JSON.stringify(server.log)).not.toContain(token);
  });

  test("is told that the token ends, and ends with it", async () => {
    const token = await tokenFor({ subscribe: ["a*"], ttl: "1s" });
    using stream = await StreamClient.connect(server.port, `/topics/a2/events?token=${token}`);
    expect(await stream.closed).toEqual({ code: 4401, reason: "the token has expired" });
    expect(stream.events.map(({ name }) => name)).toEqual(["ack", "info", "close"]);
    expect(stream.events[1]?.data).toContain('"code":"TOKEN_EXPIRING"');
  });

  test("does not take the API key from the URL", async () => {
    const refused = StreamClient.connect(server.port, `/topics/a1/events?token=${KEY}`);
    await expect(refused).rejects.toMatchObject({ status: 401 });
  });
});

describe("a stream is refused", () => {
  test("to a page of an origin that may not connect, like a WebSocket", async () => {
    await using strict = await ServerProcess.start(["-allowed-origins=https://a.example"]);
    const from = (Origin: string) => StreamClient.connect(strict.port, "/topics/t/events", { headers: { Origin } });
    await expect(from("https://b.example")).rejects.toMatchObject({ status: 403 });
    using allowed = await from("https://a.example");
    await allowed.nextText();
  });

  test("past the limits of connections, subscriptions and topics, and leaves nothing behind", async () => {
    await using small = await ServerProcess.start(["-max-connections=1", "-max-subscriptions=1", "-max-topics=1"]);
    const refused = StreamClient.connect(small.port, "/events?topic=a&topic=b");
    await expect(refused).rejects.toMatchObject({ status: 503 });
    using first = await StreamClient.connect(small.port, "/topics/a/events");
    await first.nextText();
    const second = StreamClient.connect(small.port, "/topics/a/events");
    await expect(second).rejects.toMatchObject({ status: 503 });
    expect(await small.stats()).toMatchObject({ total_clients: 1, total_topics: 1 });
  });

  test("for a topic that is not there and may not begin", async () => {
    await using strict = await ServerProcess.start(["-auto-create-topics=false"]);
    const answer = await strict.fetch("/topics/none/events");
    expect(answer.status).toBe(404);
    expect(await answer.json()).toMatchObject({ error: { code: "TOPIC_NOT_FOUND" } });
  });
});

test("pages of other origins may read a stream where CORS lets them", async () => {
  await using cors = await ServerProcess.start(["-enable-cors", "-allowed-origins=https://a.example"]);
  const headers = { Origin: "https://a.example" };
  using stream = await StreamClient.connect(cors.port, "/topics/t/events", { headers });
  expect(stream.responseHead).toMatch(/^access-control-allow-origin: https:\/\/a\.example\r$/im);
  await stream.nextText();
});
