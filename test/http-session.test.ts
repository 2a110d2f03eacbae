import { request } from "node:http";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { z } from "zod";
import { serverMessageSchema } from "../src/protocol/messages.ts";
import { TestClient } from "./support/client.ts";
import { ServerProcess } from "./support/server-process.ts";
import { postText, SessionClient } from "./support/session-client.ts";
import { StreamRefused } from "./support/stream-client.ts";

vi.setConfig({ testTimeout: 30_000, hookTimeout: 30_000 });

const KEY = "the-admin-key";
const WITH_KEY = { "X-API-Key": KEY };
const ORIGIN = "https://a.example";
const MAX_MESSAGE_BYTES = 10_000;

let server: ServerProcess;

beforeAll(async () => {
  const flags = [`-max-message-size=${MAX_MESSAGE_BYTES}`, "-ring-buffer-size=5", "-read-timeout=500ms"];
  server = await ServerProcess.start([...flags, `-api-key=${KEY}`, "-enable-cors", `-allowed-origins=${ORIGIN}`]);
});

afterAll(async () => {
  await server[Symbol.asyncDispose]();
});

function open(options: { headers?: Record<string, string>; query?: string } = { headers: WITH_KEY }) {
  return SessionClient.connect(server.port, options);
}

function publish(topic: string, id: string, payload: unknown) {
  return { type: "publish", topic, message: { id, payload }, request_id: id };
}

function subscribe(topic: string, rest: object = {}) {
  return { type: "subscribe", topic, client_id: "c", request_id: "s", ...rest };
}

async function takeTypes(client: SessionClient, count: number): Promise<string[]> {
  const types: string[] = [];
  while (types.length < count) types.push(serverMessageSchema.parse(JSON.parse(await client.nextText())).type);
  return types;
}

/** How a request for a session is refused. */
async function refusal(at: ServerProcess, headers: Record<string, string> = {}, query = "") {
  const error = await SessionClient.connect(at.port, { headers, query }).catch((reason: unknown) => reason);
  if (!(error instanceof StreamRefused)) throw error;
  const code = /"code":"([A-Z_]+)"/.exec(error.response)?.[1];
  return { status: error.status, code, retryAfter: /^retry-after: (\d+)\r$/im.exec(error.response)?.[1] };
}

async function tokenFor(grant: object): Promise<string> {
  const answer = await server.post("/tokens", { client_id: "web1", ...grant }, WITH_KEY);
  return z.object({ token: z.string() }).parse(await answer.json()).token;
}

describe("a session by HTTP", () => {
  test("begins with its id, which is another each time and long", async () => {
    using first = await open();
    using second = await open();
    expect(first.stream.events[0]?.name).toBe("session");
    expect(first.stream.responseHead).toMatch(/^content-type: text\/event-stream\r$/im);
    expect(first.stream.responseHead).toMatch(/^cache-control: no-store, no-transform\r$/im);
    expect(first.id).toMatch(/^[\w-]{24}$/);
    expect(first.id).not.toBe(second.id);
  });

  test("carries each type of request, and the messages that a WebSocket would carry", async () => {
    using client = await open();
    using webSocket = await TestClient.connect(server.port, { headers: WITH_KEY });
    const requests = [
      subscribe("all", { last_n: 2 }),
      { type: "ping", request_id: "p" },
      { type: "unsubscribe", topic: "all", client_id: "c", request_id: "u" },
      "nonsense",
    ];
    const payload = '{ "n":9223372036854775807,\n"a":"\\u0041\\n","ü":"😀" }';
    webSocket.send(`{"type":"publish","topic":"all","message":{"id":"m1","payload":${payload}}}`);
    webSocket.send(publish("all", "m2", "ä".repeat(4000)));
    for (let i = 0; i < 2; i++) await webSocket.expect("ack");
    await client.send(...requests);
    for (const request of requests) webSocket.send(request);
    // Its answer waits for nobody, and nobody waits for it.
    const refresh = { type: "refresh", token: "x", request_id: "r" };
    for (let i = 0; i < 7; i++) {
      if (i === 6) await client.send(refresh);
      if (i === 6) webSocket.send(refresh);
      const [here, there] = [await client.nextText(), await webSocket.nextText()];
      const withoutTime = (text: string) =>
        text.startsWith('{"type":"event"') ? text : text.replace(/"ts":"[^"]*"/, "");
      expect(withoutTime(here)).toBe(withoutTime(there));
    }
    await client.send(publish("all", "m3", 1));
    expect(await client.expect("ack")).toMatchObject({ request_id: "m3", topic: "all", offset: 3 });
  });

  test("keeps the order of many requests, in one body and over several", async () => {
    using client = await open();
    await client.send(subscribe("order"));
    await client.expect("ack");
    const ids: string[] = [];
    for (let body = 0; body < 10; body++) {
      const requests = Array.from({ length: 200 }, (_, i) => publish("order", `${body}/${i}`, i));
      ids.push(...requests.map(({ request_id }) => request_id));
      await client.send(...requests);
    }
    const acked: unknown[] = [];
    const received: unknown[] = [];
    while (acked.length < ids.length || received.length < ids.length) {
      const message = serverMessageSchema.parse(JSON.parse(await client.nextText()));
      if (message.type === "ack") acked.push(message.request_id);
      else if (message.type === "event") received.push(message.message.id);
    }
    expect(acked).toEqual(ids);
    expect(received).toEqual(ids);
  });

  test("replays with last_n, and resumes with since", async () => {
    using client = await open();
    const messages = [1, 2, 3].map((n) => publish("replayed", `m${n}`, n));
    await client.send(...messages, subscribe("replayed", { last_n: 2 }));
    expect(await takeTypes(client, 6)).toEqual(["ack", "ack", "ack", "ack", "event", "event"]);
    using other = await open();
    await other.send(subscribe("replayed"));
    const { epoch = "" } = await other.expect("ack");
    using back = await open();
    await back.send(subscribe("replayed", { since: { epoch, offset: 1 } }));
    expect(await back.expect("ack")).toMatchObject({ recovered: true });
    for (const offset of [2, 3]) expect(await back.expect("event")).toMatchObject({ offset });
  });

  test("skips empty lines, whatever ends them, and answers a malformed one without harm to those beside it", async () => {
    using client = await open();
    expect((await client.post('\n{"type":"ping"}\r\n\r\n\n{"type":\n{"type":"ping"}\n')).status).toBe(204);
    expect(await takeTypes(client, 3)).toEqual(["pong", "error", "pong"]);
    expect((await client.post("")).status).toBe(204);
  });

  test("takes requests in any content type, and from another origin without a preflight", async () => {
    using client = await open();
    const origin = { Origin: ORIGIN };
    const url = `${server.url}/ws/session/${client.id}`;
    for (const type of ["text/plain;charset=UTF-8", "application/json"]) {
      const answer = await fetch(url, { method: "POST", headers: { "Content-Type": type, ...origin }, body: "{}" });
      expect(answer.status).toBe(204);
      expect(answer.headers.get("access-control-allow-origin")).toBe(ORIGIN);
      expect(await client.expect("error")).toMatchObject({ error: { code: "BAD_REQUEST" } });
    }
  });

  test("refuses a body whole that is too large, or has a request that is, or is no text", async () => {
    using client = await open();
    const large = JSON.stringify(publish("large", "m", "x".repeat(MAX_MESSAGE_BYTES)));
    const answers = [
      await client.post(`{"type":"ping"}\n${large}`),
      await client.post(`{"type":"ping"}\n${" ".repeat(1024 * 1024)}`),
      await client.post("{}\n".repeat(10_001)),
    ];
    for (const { body, status } of answers) {
      expect(status).toBe(413);
      expect(JSON.parse(body)).toMatchObject({ error: { code: "PAYLOAD_TOO_LARGE" } });
    }
    expect(await client.post(Buffer.from([0x7b, 0xff, 0x7d]))).toMatchObject({ status: 400 });
    // Nothing of them was carried out, and the session goes on; as large as may be is not too large.
    const fitting = JSON.stringify(publish("large", "m", ""));
    const payload = "x".repeat(MAX_MESSAGE_BYTES - fitting.length);
    await client.send(publish("large", "m", payload), publish("large", "m", payload), { type: "ping" });
    expect(await takeTypes(client, 3)).toEqual(["ack", "ack", "pong"]);
  });

  test("is refused a body that does not arrive in time", async () => {
    using client = await open();
    const url = `${server.url}/ws/session/${client.id}`;
    const body = new ReadableStream({ start: (controller) => controller.enqueue(Buffer.from("{")) });
    const answer = await fetch(url, { method: "POST", body, ...{ duplex: "half" } });
    expect(answer.status).toBe(408);
  });

  test("may send four bodies at a time; a fifth is refused without harm to the others", async () => {
    using client = await open();
    const requests = Array.from({ length: 4 }, () => {
      const outgoing = request(`${server.url}/ws/session/${client.id}`, { method: "POST", agent: false });
      outgoing.write('{"type":"ping"}');
      return outgoing;
    });
    await vi.waitFor(async () => expect((await client.post("")).status).toBe(429));
    for (const outgoing of requests) outgoing.end();
    expect(await takeTypes(client, 4)).toEqual(["pong", "pong", "pong", "pong"]);
    expect((await client.post('{"type":"ping"}')).status).toBe(204);
  });

  test("that is ending, because an operator has disconnected it, takes no more requests", async () => {
    using client = await open();
    await client.send(subscribe("full"));
    await client.expect("ack");
    client.pause();
    const list = z.object({ clients: z.array(z.object({ id: z.number(), queue_depth: z.number() })) });
    const me = await vi.waitFor(
      async () => {
        using publisher = await open();
        const batch = Array.from({ length: 100 }, (_, i) => publish("full", `m${i}`, "x".repeat(9000)));
        await publisher.send(...batch);
        const { clients } = list.parse(await (await server.fetch("/clients", { headers: WITH_KEY })).json());
        const full = clients.find(({ queue_depth }) => queue_depth > 0);
        if (full === undefined) throw new Error("nothing is queued yet");
        return full;
      },
      { timeout: 20_000 },
    );
    await server.fetch(`/clients/${me.id}`, { method: "DELETE", headers: WITH_KEY });
    expect((await client.post(JSON.stringify(publish("not-made", "m", 1)))).status).toBe(404);
    expect((await server.fetch("/topics/not-made", { headers: WITH_KEY })).status).toBe(404);
  });

  test("is one client like any other: listed, counted, disconnected by an operator", async () => {
    using client = await open();
    await client.send(subscribe("listed"), { type: "ping" });
    await client.expect("ack");
    const subscribers = await (await server.fetch("/topics/listed/subscribers", { headers: WITH_KEY })).json();
    expect(subscribers).toMatchObject({ subscribers: [{ transport: "http" }] });
    const list = z
      .object({ clients: z.array(z.looseObject({ id: z.number(), transport: z.string(), requests: z.number() })) })
      .parse(await (await server.fetch("/clients", { headers: WITH_KEY })).json());
    const me = list.clients.at(-1);
    expect(me).toMatchObject({ transport: "http", requests: 2, subscription_count: 1 });
    expect(await (await server.fetch("/stats", { headers: WITH_KEY })).json()).toMatchObject({ event_streams: 0 });
    const metrics = await (await server.fetch("/metrics", { headers: WITH_KEY })).text();
    expect(metrics).toMatch(/^ringcast_connections\{transport="http"\} [1-9]/m);
    await server.fetch(`/clients/${me?.id}`, { method: "DELETE", headers: WITH_KEY });
    expect(await client.closed).toEqual({ code: 4403, reason: "disconnected by an operator" });
    expect((await client.post('{"type":"ping"}')).status).toBe(404);
  });

  test("ends at once when its stream does", async () => {
    const client = await open();
    await client.send(subscribe("left"));
    await client.expect("ack");
    const gone = server.nextLog("client disconnected");
    client[Symbol.dispose]();
    expect(await gone).toMatchObject({ code: 1006, subscriptions: 1 });
    expect((await client.post('{"type":"ping"}')).status).toBe(404);
  });

  test("renews its token, keeps to it, and ends with it", async () => {
    const query = `?token=${await tokenFor({ publish: ["mine"], subscribe: ["mine"], ttl: "2s" })}`;
    using client = await open({ query });
    await client.send(publish("mine", "m", 1), publish("other", "m", 1));
    expect(await takeTypes(client, 2)).toEqual(["ack", "error"]);
    const token = await tokenFor({ publish: ["mine", "other"], ttl: "3s" });
    await client.send({ type: "refresh", token }, publish("mine", "m", 1));
    const replies = [await client.nextText(), await client.nextText()];
    expect(replies.some((text) => text.includes('"expires_at"'))).toBe(true);
    await client.send(publish("other", "m", 1));
    expect(await client.expect("ack")).toMatchObject({ topic: "other" });
    expect((await client.closed).code).toBe(4401);
  });
});

describe("a request of a session", () => {
  test("whose id is wrong is answered with 404, also without credentials", async () => {
    const post = (id: string) => postText(`${server.url}/ws/session/${id}`, '{"type":"ping"}', {});
    for (const id of ["x", "a".repeat(24), "a%2Fb", "%C3%BC", "%ff"]) {
      const { body, status } = await post(id);
      expect({ id, status }).toEqual({ id, status: 404 });
      expect(JSON.parse(body)).toEqual({ error: { code: "NOT_FOUND", message: "there is no such session" } });
    }
  });

  test("does not count for the rate limit while the stream is up, and does once it is gone", async () => {
    await using limited = await ServerProcess.start(["-rate-limit-per-min=1", "-rate-limit-burst=3"]);
    const client = await SessionClient.connect(limited.port);
    for (let i = 0; i < 20; i++) await client.send({ type: "ping" });
    expect(await takeTypes(client, 20)).toEqual(Array(20).fill("pong"));
    const gone = limited.nextLog("client disconnected");
    client[Symbol.dispose]();
    await gone;
    const statuses: number[] = [];
    for (let i = 0; i < 5; i++) statuses.push((await client.post('{"type":"ping"}')).status);
    expect(statuses).toEqual([404, 404, 404, 429, 429]);
  });
});

describe("a request for a session is refused", () => {
  test("without a key or token, or with a wrong one", async () => {
    expect(await refusal(server)).toMatchObject({ status: 401, code: "UNAUTHORIZED" });
    expect(await refusal(server, { "X-API-Key": "wrong" })).toMatchObject({ status: 401 });
    expect(await refusal(server, {}, `?token=${KEY}`)).toMatchObject({ status: 401 });
  });

  test("for its origin, and says so to the pages that may read it", async () => {
    expect(await refusal(server, { ...WITH_KEY, Origin: "https://b.example" })).toMatchObject({ status: 403 });
    using client = await open({ headers: { ...WITH_KEY, Origin: ORIGIN } });
    expect(client.stream.responseHead).toMatch(/^access-control-allow-origin: https:\/\/a\.example\r$/im);
    const refused = await server.fetch("/ws/session", { headers: { Origin: ORIGIN } });
    expect(refused.status).toBe(401);
    expect(refused.headers.get("access-control-allow-origin")).toBe(ORIGIN);
  });

  test("past the connection limit, with a status also where it accepts event streams", async () => {
    await using small = await ServerProcess.start(["-max-connections=1"]);
    using _client = await SessionClient.connect(small.port);
    const refused = await refusal(small, { Accept: "text/event-stream" });
    expect(refused).toEqual({ status: 503, code: "UNAVAILABLE", retryAfter: expect.stringMatching(/^[1-5]$/) });
  });

  test("by the rate limit of those that connect to stay", async () => {
    await using limited = await ServerProcess.start(["-rate-limit-per-min=1", "-allowed-origins=https://a.example"]);
    const headers = { Origin: "https://b.example" };
    let last = await refusal(limited, headers);
    for (let tried = 0; tried < 5000 && last.status === 403; tried += 50) {
      const all = await Promise.all(Array.from({ length: 50 }, () => refusal(limited, headers)));
      last = all.find(({ status }) => status !== 403) ?? last;
    }
    expect(last).toMatchObject({ status: 429, code: "RATE_LIMITED", retryAfter: "1" });
    // The burst of other requests, of 100, is still whole.
    expect((await limited.fetch("/topics")).status).toBe(200);
  });

  test("during a shutdown, in which open sessions get what is queued for them", async () => {
    await using stopping = await ServerProcess.start(["-max-queue-bytes=100000000", "-shutdown-timeout=8s"]);
    using client = await SessionClient.connect(stopping.port);
    await client.send(subscribe("t"));
    await client.expect("ack");
    client.pause();
    using publisher = await TestClient.connect(stopping.port);
    for (let i = 0; i < 80; i++) await publisher.published("t", "m", "x".repeat(100_000));
    const draining = stopping.nextLog("shutting down");
    const code = stopping.stop("SIGTERM");
    await draining;
    expect(await refusal(stopping)).toMatchObject({ status: 503, code: "UNAVAILABLE" });
    client.resume();
    expect(await client.closed).toEqual({ code: 1001, reason: "the server is shutting down" });
    expect(await code).toBe(0);
    const texts = client.takeAll();
    expect(texts.filter((text) => text.startsWith('{"type":"event"'))).toHaveLength(80);
    expect(texts.at(-1)).toContain("SERVER_SHUTDOWN");
  });

  test("as any request is that is no GET", async () => {
    const answer = await server.fetch("/ws/session", { method: "PUT", headers: WITH_KEY });
    expect(answer.status).toBe(405);
    expect((await server.fetch("/ws/session", { method: "HEAD", headers: WITH_KEY })).status).toBe(200);
    expect((await server.fetch("/ws/session/x")).status).toBe(405);
  });
});
