import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { z } from "zod";
import { TestClient } from "./support/client.ts";
import { ServerProcess } from "./support/server-process.ts";
import { StreamClient } from "./support/stream-client.ts";
import { nextMessage, type Subscriber, TRANSPORTS } from "./support/subscriber.ts";

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

const KIB = 1024;
const RING = 100;
const MAX_LISTED = 1000;
const time = z.iso.datetime({ precision: 3 });

const traceSchema = z.strictObject({
  topic: z.string(),
  epoch: z.string(),
  offset: z.int(),
  id: z.string(),
  ts: time,
  totals: z.strictObject({ queued: z.int(), written: z.int(), dropped: z.int(), replayed: z.int() }),
  deliveries: z.array(
    z.strictObject({
      client: z.int(),
      client_id: z.string(),
      transport: z.enum(["websocket", "sse", "http"]),
      state: z.enum(["queued", "written", "dropped"]),
      replayed: z.boolean(),
      queued_at: time,
      written_at: time.optional(),
      dropped_at: time.optional(),
      reason: z.string().optional(),
      delay_ms: z.number().min(0).optional(),
    }),
  ),
});
type Trace = z.infer<typeof traceSchema>;

let server: ServerProcess;
let publisher: TestClient;

beforeAll(async () => {
  server = await ServerProcess.start(["-trace", `-ring-buffer-size=${RING}`]);
  // The log may come later than the connection: the tests wait for lines of their own.
  const connected = server.nextLog("client connected");
  publisher = await TestClient.connect(server.port);
  await connected;
});

afterAll(async () => {
  publisher[Symbol.dispose]();
  await server[Symbol.asyncDispose]();
});

async function trace(from: ServerProcess, topic: string, offset: number): Promise<Trace> {
  const answer = await from.fetch(`/topics/${encodeURIComponent(topic)}/messages/${offset}/trace`);
  expect(answer.status).toBe(200);
  return traceSchema.parse(await answer.json());
}

/** The one delivery of an event that had one. */
async function delivery(from: ServerProcess, topic: string, offset: number): Promise<Trace["deliveries"][number]> {
  const [only, ...others] = (await trace(from, topic, offset)).deliveries;
  expect(others).toEqual([]);
  if (only === undefined) throw new Error("nobody got it");
  return only;
}

async function refusal(from: ServerProcess, path: string): Promise<unknown> {
  const answer = await from.fetch(path);
  return { status: answer.status, body: await answer.json() };
}

const clientsSchema = z.object({ clients: z.array(z.object({ id: z.int(), client_ids: z.array(z.string()) })) });

const notFound = (message: string) => ({ status: 404, body: { error: { code: "NOT_FOUND", message } } });

/** The ways to publish a message. */
const PUBLISHERS: Record<string, (topic: string, id: string) => Promise<unknown>> = {
  WebSocket: (topic, id) => publisher.published(topic, id, 1),
  HTTP: (topic, id) => server.post(`/topics/${encodeURIComponent(topic)}/messages`, { id, payload: 1 }),
};

/** What each transport is called in a trace. */
const KINDS: Record<string, string> = { WebSocket: "websocket", "event stream": "sse", "HTTP session": "http" };

describe.each(TRANSPORTS)("the trace of a message to a subscriber by $name", ({ name, subscribe }) => {
  for (const [way, publish] of Object.entries(PUBLISHERS)) {
    test(`tells who a message was written to, published by ${way}`, async () => {
      const topic = `to ${name} by ${way}`;
      const { epoch, subscriber } = await subscribe(server.port, topic, { clientId: "reader" });
      using _ = subscriber;
      const { clients } = clientsSchema.parse(await (await server.fetch("/clients")).json());
      const client = clients.findLast(({ client_ids }) => client_ids.includes("reader"))?.id;
      await publish(topic, "é/1");
      const event = await nextMessage(subscriber);
      const { deliveries, ...head } = await trace(server, topic, 1);
      const totals = { queued: 0, written: 1, dropped: 0, replayed: 0 };
      expect(head).toEqual({ topic, epoch, offset: 1, id: "é/1", ts: event.ts, totals });
      expect(deliveries).toEqual([
        {
          client: z.int().parse(client),
          client_id: "reader",
          transport: KINDS[name],
          state: "written",
          replayed: false,
          queued_at: expect.any(String),
          written_at: expect.any(String),
          delay_ms: expect.any(Number),
        },
      ]);
      const [queuedAt, writtenAt] = [deliveries[0]?.queued_at, deliveries[0]?.written_at].map((at) =>
        Date.parse(at ?? ""),
      );
      expect(queuedAt).toBeGreaterThanOrEqual(Date.parse(event.ts));
      expect(writtenAt).toBeGreaterThanOrEqual(queuedAt ?? Number.NaN);
    });
  }
});

/** Publishes large messages until one has to wait, or is lost; returns the newest one's offset. */
async function fill(on: ServerProcess, by: TestClient, what: "queued_messages" | "dropped_messages"): Promise<number> {
  for (let count = 1; count <= 500; count++) {
    await by.published("t", `m${count}`, "x".repeat(256 * KIB));
    if ((await on.stats())[what] > 0) return count;
  }
  throw new Error("the client took everything");
}

/** Reads on to the notice of a loss. */
async function nextLoss(subscriber: Subscriber): Promise<{ from_offset: number; to_offset: number }> {
  for (;;) {
    const message = await nextMessage(subscriber, 20_000);
    if (message.type === "info" && message.info.code === "MESSAGES_DROPPED") return message.info;
  }
}

describe.each(TRANSPORTS)("the trace of a message to a subscriber by $name that stops reading", ({ subscribe }) => {
  const flags = ["-trace", "-max-queue-size=5", "-ring-buffer-size=500"];

  test("tells what waits and what was dropped, and when the rest was written", async () => {
    await using stalling = await ServerProcess.start([...flags, "-write-wait=60s"]);
    using subscriber = (await subscribe(stalling.port, "t")).subscriber;
    using by = await TestClient.connect(stalling.port);
    subscriber.pause();
    const newest = await fill(stalling, by, "dropped_messages");
    const waiting = await delivery(stalling, "t", newest);
    expect(waiting).toMatchObject({ client_id: "c1", state: "queued", replayed: false });
    expect(waiting).not.toHaveProperty("delay_ms");
    subscriber.resume();
    const loss = await nextLoss(subscriber);
    expect(await nextMessage(subscriber)).toMatchObject({ type: "event", offset: loss.to_offset + 1 });
    const lost = await trace(stalling, "t", loss.from_offset);
    expect(lost.totals).toEqual({ queued: 0, written: 0, dropped: 1, replayed: 0 });
    expect(lost.deliveries).toMatchObject([{ state: "dropped", reason: "queue full", dropped_at: expect.any(String) }]);
    expect(lost.deliveries[0]?.delay_ms).toBeGreaterThan(0);
    expect(await delivery(stalling, "t", loss.from_offset - 1)).toMatchObject({ state: "written" });
    const { deliveries } = await trace(stalling, "t", loss.to_offset + 1);
    expect(deliveries).toMatchObject([{ state: "written", written_at: expect.any(String) }]);
  });

  test("tells that its queue was thrown away because it is a slow consumer", async () => {
    await using stalling = await ServerProcess.start([...flags, "-write-wait=2s", "-topic-ttl=1m"]);
    using subscriber = (await subscribe(stalling.port, "t")).subscriber;
    using by = await TestClient.connect(stalling.port);
    subscriber.pause();
    const slow = stalling.nextLog("slow consumer");
    // Only a client that has lost messages is slow by time.
    const newest = await fill(stalling, by, "dropped_messages");
    await slow;
    expect(await delivery(stalling, "t", newest)).toMatchObject({ state: "dropped", reason: "slow consumer" });
  });

  test("tells that its queue was thrown away because it is gone, and by then who it was", async () => {
    await using stalling = await ServerProcess.start([...flags, "-write-wait=60s", "-topic-ttl=1m"]);
    using subscriber = (await subscribe(stalling.port, "t", { clientId: "fleeting" })).subscriber;
    using by = await TestClient.connect(stalling.port);
    subscriber.pause();
    // Once one is lost the newest ones wait for good; before, the kernel may still take them.
    const newest = await fill(stalling, by, "dropped_messages");
    const gone = stalling.nextLog("client disconnected");
    subscriber[Symbol.dispose]();
    await gone;
    const lost = { client_id: "fleeting", state: "dropped", reason: "disconnected" };
    expect(await delivery(stalling, "t", newest)).toMatchObject(lost);
  });
});

describe("the trace of a message that is replayed", () => {
  const LATE = { state: "written", replayed: true, written_at: expect.any(String) };

  test("tells of those who asked for it with last_n or since, beside those who had it live", async () => {
    using live = await TestClient.connect(server.port);
    const { epoch } = await live.subscribe("replayed", { client_id: "live" });
    await publisher.published("replayed", "m", 1);
    await live.expect("event");
    using late = await TestClient.connect(server.port);
    await late.subscribe("replayed", { client_id: "by last_n", last_n: 1 });
    await late.expect("event");
    using back = await TestClient.connect(server.port);
    await back.subscribe("replayed", { client_id: "by since", since: { epoch, offset: 0 } });
    await back.expect("event");
    const { deliveries, totals } = await trace(server, "replayed", 1);
    expect(totals).toEqual({ queued: 0, written: 3, dropped: 0, replayed: 2 });
    expect(deliveries).toMatchObject([
      { client_id: "live", state: "written", replayed: false },
      { client_id: "by last_n", ...LATE },
      { client_id: "by since", ...LATE },
    ]);
    expect(new Set(deliveries.map(({ client }) => client)).size).toBe(3);
  });

  test("tells of event streams that began with it or came back for it", async () => {
    using live = await StreamClient.connect(server.port, "/topics/streamed/events?client_id=live");
    await live.nextText();
    await publisher.published("streamed", "m", 1);
    await live.nextText();
    using late = await StreamClient.connect(server.port, "/topics/streamed/events?client_id=late&last_n=1");
    for (const type of ["ack", "event"] as const) expect((await nextMessage(late)).type).toBe(type);
    const path = `/topics/streamed/events?client_id=back&last_event_id=${live.events[0]?.id}`;
    using back = await StreamClient.connect(server.port, path);
    for (const type of ["ack", "event"] as const) expect((await nextMessage(back)).type).toBe(type);
    expect((await trace(server, "streamed", 1)).deliveries).toMatchObject([
      { client_id: "live", transport: "sse", state: "written", replayed: false },
      { client_id: "late", transport: "sse", ...LATE },
      { client_id: "back", transport: "sse", ...LATE },
    ]);
  });

  test("lists again who subscribes again, by the new label", async () => {
    using subscriber = await TestClient.connect(server.port);
    await subscriber.subscribe("again", { client_id: "before" });
    publisher.publish("again", "m", 1);
    await subscriber.expect("event");
    await subscriber.subscribe("again", { client_id: "after", last_n: 1 });
    await subscriber.expect("event");
    const { deliveries } = await trace(server, "again", 1);
    expect(deliveries).toMatchObject([
      { client_id: "before", replayed: false },
      { client_id: "after", replayed: true },
    ]);
    expect(deliveries[1]?.client).toBe(deliveries[0]?.client);
    await publisher.expect("ack");
  });

  test(`lists ${MAX_LISTED} deliveries, and counts the others`, async () => {
    using subscriber = await TestClient.connect(server.port);
    await publisher.published("often", "m", 1);
    const count = MAX_LISTED + 10;
    for (let i = 0; i < count; i++) {
      await subscriber.subscribe("often", { last_n: 1 });
      await subscriber.expect("event");
    }
    const { deliveries, totals } = await trace(server, "often", 1);
    expect(deliveries).toHaveLength(MAX_LISTED);
    expect(totals).toEqual({ queued: 0, written: count, dropped: 0, replayed: count });
  });
});

describe("a trace", () => {
  test("is empty where nobody is subscribed", async () => {
    await publisher.published("unheard", "m", 1);
    const nothing = { queued: 0, written: 0, dropped: 0, replayed: 0 };
    expect(await trace(server, "unheard", 1)).toMatchObject({ deliveries: [], totals: nothing });
  });

  test("of a message with a given id comes as JSON, whatever the id", async () => {
    publisher.send(String.raw`{"type":"publish","topic":"a/b","message":{"id":"\u00e9\"\\","payload":1}}`);
    await publisher.expect("ack");
    expect(await trace(server, "a/b", 1)).toMatchObject({ topic: "a/b", id: 'é"\\' });
  });

  test("goes with its message, or with its topic", async () => {
    for (let i = 0; i <= RING; i++) await publisher.published("rolling", `m${i}`, 1);
    const gone = notFound("the topic holds no message with this offset, or no longer");
    for (const offset of [0, 1, RING + 2, Number.MAX_SAFE_INTEGER]) {
      expect(await refusal(server, `/topics/rolling/messages/${offset}/trace`)).toEqual(gone);
    }
    for (const offset of [2, RING + 1]) expect((await trace(server, "rolling", offset)).offset).toBe(offset);
    await server.fetch("/topics/rolling", { method: "DELETE" });
    const path = `/topics/rolling/messages/${RING + 1}/trace`;
    expect(await refusal(server, path)).toEqual(notFound("there is no such topic"));
  });

  test("of no offset at all is refused as malformed", async () => {
    for (const offset of ["x", "-1", "1.5", "9007199254740992", "%00"]) {
      const message = "offset: must be an integer from 0 to 9007199254740991";
      expect(await refusal(server, `/topics/t/messages/${offset}/trace`)).toEqual({
        status: 400,
        body: { error: { code: "BAD_REQUEST", message } },
      });
    }
  });

  test("without -trace is refused, and says what to do", async () => {
    await using plain = await ServerProcess.start();
    await plain.post("/topics/t/messages", { payload: 1 });
    const refused = notFound("traces are not kept; start the server with -trace");
    for (const topic of ["t", "none"]) {
      expect(await refusal(plain, `/topics/${topic}/messages/1/trace`)).toEqual(refused);
    }
  });
});
