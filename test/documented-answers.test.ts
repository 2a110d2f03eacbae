import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { z } from "zod";
import { TestClient, UpgradeRefused } from "./support/client.ts";
import { type Fits, readDescription } from "./support/openapi/description.ts";
import { RawConnection } from "./support/raw-connection.ts";
import { rawRequest } from "./support/raw-request.ts";
import { ServerProcess } from "./support/server-process.ts";
import { SessionClient } from "./support/session-client.ts";

vi.setConfig({ testTimeout: 30_000, hookTimeout: 30_000 });

// Every answer that /swagger/doc.json documents is brought about here, and held to the schema that stands there.

const KEY = "documented-key";
const WITH_KEY = { "X-API-Key": KEY };
const ORIGIN = "https://example.com";
/** Many requests that connect to stay, for which there is a bucket of 500 (rulings, section 5). */
const CONNECTIONS = "GET /events HTTP/1.1\r\nHost: x\r\n\r\n".repeat(800);
const REQUESTS = 200;
/** How often it is tried to be beyond that limit: two hundred requests are allowed again each second. */
const TRIES = 20;
const UPGRADE = {
  Upgrade: "websocket",
  Connection: "Upgrade",
  "Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA==",
  "Sec-WebSocket-Version": "13",
};
const TRACE = "/topics/kept/messages/1/trace";

interface Answer {
  readonly status: number;
  readonly body: unknown;
}

let server: ServerProcess;
/** One request for each address, which has been made. */
let limited: ServerProcess;
/** Begins no topics by itself. */
let strict: ServerProcess;
/** Shuts down for as long as `stalled` does not read. */
let draining: ServerProcess;
let stalled: TestClient;

beforeAll(async () => {
  const flags = [`-api-key=${KEY}`, "-read-timeout=300ms", `-allowed-origins=${ORIGIN}`, "-trace"];
  server = await ServerProcess.start(flags);
  await create(server, '{"name":"kept"}');
  strict = await ServerProcess.start(["-auto-create-topics=false"]);
  limited = await ServerProcess.start(["-rate-limit-per-min=1", "-rate-limit-burst=1"]);
  await limited.fetch("/stats");
  draining = await ServerProcess.start(["-max-queue-bytes=100000000", "-shutdown-timeout=60s"]);
  stalled = await TestClient.connect(draining.port);
  using publisher = await TestClient.connect(draining.port);
  await stalled.subscribe("t");
  stalled.pause();
  // More than the kernel takes, so that the flush does not end by itself; it goes on for five seconds.
  for (let i = 0; i < 80; i++) await publisher.published("t", "m", "x".repeat(100_000));
}, 60_000);

afterAll(async () => {
  stalled[Symbol.dispose]();
  for (const each of [server, strict, limited, draining]) await each[Symbol.asyncDispose]();
});

async function ask(from: ServerProcess, operation: string, init: RequestInit = {}): Promise<Answer> {
  const [method = "", path = ""] = operation.split(" ");
  const answer = await from.fetch(path, { method, ...init });
  if (answer.headers.get("content-type") !== "text/event-stream") {
    return { status: answer.status, body: await answer.json() };
  }
  // Only that it begins: it would not end.
  await answer.body?.cancel();
  return { status: answer.status, body: undefined };
}

function create(from: ServerProcess, body: string, headers: Record<string, string> = WITH_KEY): Promise<Answer> {
  return ask(from, "POST /topics", { headers: { "Content-Type": "application/json", ...headers }, body });
}

/** Asks to connect to stay behind so many others that the limit for such requests is reached; they have a bucket of their own. */
async function beyondLimit(path: string, headers: Readonly<Record<string, string>> = {}): Promise<Answer> {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  const request = `GET ${path} HTTP/1.1\r\nHost: x\r\n${lines.join("")}\r\n`;
  for (let tried = 0; tried < TRIES; tried++) {
    using others = await RawConnection.open(limited.port);
    others.send(CONNECTIONS);
    await others.until("RATE_LIMITED");
    const answers = await Promise.all(Array.from({ length: REQUESTS }, () => rawRequest(limited.port, request)));
    const refused = answers.find(({ status }) => status === 429);
    if (refused !== undefined) return { status: refused.status, body: JSON.parse(refused.body) };
  }
  throw new Error(`${path} was never refused`);
}

async function upgrade(from: ServerProcess, headers: Record<string, string> = WITH_KEY): Promise<Answer> {
  try {
    using client = await TestClient.connect(from.port, { headers });
    await client.settled();
    return { status: 101, body: undefined };
  } catch (error) {
    if (!(error instanceof UpgradeRefused)) throw error;
    return { status: error.status, body: JSON.parse(error.response.slice(error.response.indexOf("\r\n\r\n"))) };
  }
}

function publish(
  from: ServerProcess,
  topic: string,
  body: string,
  headers: Record<string, string> = WITH_KEY,
): Promise<Answer> {
  const init = { headers: { "Content-Type": "application/json", ...headers }, body };
  return ask(from, `POST /topics/${topic}/messages`, init);
}

function makeToken(from: ServerProcess, body: string, headers: Record<string, string> = WITH_KEY): Promise<Answer> {
  return ask(from, "POST /tokens", { headers: { "Content-Type": "application/json", ...headers }, body });
}

async function withToken(): Promise<Record<string, string>> {
  const { body } = await makeToken(server, '{"client_id":"c"}');
  return { Authorization: `Bearer ${z.object({ token: z.string() }).parse(body).token}` };
}

async function sendSlowly(path: string): Promise<Answer> {
  const head = `POST ${path} HTTP/1.1\r\nHost: x\r\nX-API-Key: ${KEY}\r\nContent-Type: application/json\r\n`;
  const answer = await rawRequest(server.port, `${head}Content-Length: 20\r\n\r\n{`);
  return { status: answer.status, body: JSON.parse(answer.body) };
}

/** Asks for the newest client, which is connected for that. */
async function ofClient(method: "GET" | "DELETE"): Promise<Answer> {
  using client = await TestClient.connect(server.port, { headers: WITH_KEY });
  await client.subscribe("kept");
  const { body } = await ask(server, "GET /clients?limit=10000", { headers: WITH_KEY });
  const { clients } = z.object({ clients: z.array(z.object({ id: z.number() })) }).parse(body);
  return await ask(server, `${method} /clients/${clients.at(-1)?.id}`, { headers: WITH_KEY });
}

/** Asks for something with a session that is open meanwhile. */
async function inSession(use: (client: SessionClient) => Promise<Answer>): Promise<Answer> {
  using client = await SessionClient.connect(server.port, { headers: WITH_KEY });
  return await use(client);
}

function postInSession(text: string | Uint8Array): Promise<Answer> {
  return inSession(async (client) => {
    const { body, status } = await client.post(text);
    return { status, body: body === "" ? undefined : JSON.parse(body) };
  });
}

/** By operation and status. Those of one operation build on each other, in this order. */
const EXERCISES: Record<string, () => Promise<Answer>> = {
  "POST /topics 201": () => create(server, '{"name":"t"}'),
  "POST /topics 409": () => create(server, '{"name":"t"}'),
  "POST /topics 400": () => create(server, '{"name":5}'),
  "POST /topics 401": () => create(server, '{"name":"t"}', {}),
  "POST /topics 408": () => sendSlowly("/topics"),
  "POST /topics 413": () => create(server, " ".repeat(1_048_577)),
  "POST /topics 429": () => create(limited, '{"name":"t"}'),
  "POST /topics 503": () => create(draining, '{"name":"t"}'),
  "GET /topics 200": () => ask(server, "GET /topics", { headers: WITH_KEY }),
  "GET /topics 401": () => ask(server, "GET /topics"),
  "GET /topics 429": () => ask(limited, "GET /topics"),
  "GET /topics 503": () => ask(draining, "GET /topics"),
  "GET /topics/{name} 200": () => ask(server, "GET /topics/kept", { headers: WITH_KEY }),
  "GET /topics/{name} 400": () => ask(server, "GET /topics/%00", { headers: WITH_KEY }),
  "GET /topics/{name} 401": () => ask(server, "GET /topics/kept"),
  "GET /topics/{name} 403": async () => ask(server, "GET /topics/kept", { headers: await withToken() }),
  "GET /topics/{name} 404": () => ask(server, "GET /topics/none", { headers: WITH_KEY }),
  "GET /topics/{name} 429": () => ask(limited, "GET /topics/kept"),
  "GET /topics/{name} 503": () => ask(draining, "GET /topics/kept"),
  "GET /topics/{name}/messages 200": () => ask(server, "GET /topics/kept/messages", { headers: WITH_KEY }),
  "GET /topics/{name}/messages 400": () => ask(server, "GET /topics/%00/messages", { headers: WITH_KEY }),
  "GET /topics/{name}/messages 401": () => ask(server, "GET /topics/kept/messages"),
  "GET /topics/{name}/messages 403": async () =>
    ask(server, "GET /topics/kept/messages", { headers: await withToken() }),
  "GET /topics/{name}/messages 404": () => ask(server, "GET /topics/none/messages", { headers: WITH_KEY }),
  "GET /topics/{name}/messages 429": () => ask(limited, "GET /topics/kept/messages"),
  "GET /topics/{name}/messages 503": () => ask(draining, "GET /topics/kept/messages"),
  "POST /topics/{name}/messages 200": () => publish(server, "kept", '{"payload":[9007199254740993]}'),
  "POST /topics/{name}/messages 400": () => publish(server, "kept", "{}"),
  "POST /topics/{name}/messages 401": () => publish(server, "kept", '{"payload":1}', {}),
  "POST /topics/{name}/messages 403": async () => publish(server, "kept", '{"payload":1}', await withToken()),
  "POST /topics/{name}/messages 404": () => publish(strict, "none", '{"payload":1}'),
  "POST /topics/{name}/messages 408": () => sendSlowly("/topics/kept/messages"),
  "POST /topics/{name}/messages 413": () => publish(server, "kept", " ".repeat(1_048_577)),
  "POST /topics/{name}/messages 429": () => publish(limited, "kept", '{"payload":1}'),
  "POST /topics/{name}/messages 503": () => publish(draining, "kept", '{"payload":1}'),
  "GET /topics/{name}/events 200": () => ask(server, "GET /topics/streamed/events", { headers: WITH_KEY }),
  "GET /topics/{name}/events 400": () => ask(server, "GET /topics/%00/events", { headers: WITH_KEY }),
  "GET /topics/{name}/events 401": () => ask(server, "GET /topics/kept/events"),
  "GET /topics/{name}/events 403": async () => ask(server, "GET /topics/kept/events", { headers: await withToken() }),
  "GET /topics/{name}/events 404": () => ask(strict, "GET /topics/none/events"),
  "GET /topics/{name}/events 429": () => beyondLimit("/topics/kept/events"),
  "GET /topics/{name}/events 503": () => ask(draining, "GET /topics/kept/events"),
  "GET /events 200": () => ask(server, "GET /events?topic=streamed", { headers: WITH_KEY }),
  "GET /events 400": () => ask(server, "GET /events?topic=%00", { headers: WITH_KEY }),
  "GET /events 401": () => ask(server, "GET /events?topic=kept"),
  "GET /events 403": async () => ask(server, "GET /events?topic=kept", { headers: await withToken() }),
  "GET /events 404": () => ask(strict, "GET /events?topic=none"),
  "GET /events 429": () => beyondLimit("/events?topic=kept"),
  "GET /events 503": () => ask(draining, "GET /events?topic=kept"),
  "GET /topics/{name}/subscribers 200": () => ask(server, "GET /topics/kept/subscribers", { headers: WITH_KEY }),
  "GET /topics/{name}/subscribers 400": () => ask(server, "GET /topics/%00/subscribers", { headers: WITH_KEY }),
  "GET /topics/{name}/subscribers 401": () => ask(server, "GET /topics/kept/subscribers"),
  "GET /topics/{name}/subscribers 403": async () =>
    ask(server, "GET /topics/kept/subscribers", { headers: await withToken() }),
  "GET /topics/{name}/subscribers 404": () => ask(server, "GET /topics/none/subscribers", { headers: WITH_KEY }),
  "GET /topics/{name}/subscribers 429": () => ask(limited, "GET /topics/kept/subscribers"),
  "GET /topics/{name}/subscribers 503": () => ask(draining, "GET /topics/kept/subscribers"),
  "GET /topics/{name}/messages/{offset}/trace 200": () => ask(server, `GET ${TRACE}`, { headers: WITH_KEY }),
  "GET /topics/{name}/messages/{offset}/trace 400": () =>
    ask(server, "GET /topics/kept/messages/first/trace", { headers: WITH_KEY }),
  "GET /topics/{name}/messages/{offset}/trace 401": () => ask(server, `GET ${TRACE}`),
  "GET /topics/{name}/messages/{offset}/trace 403": async () =>
    ask(server, `GET ${TRACE}`, { headers: await withToken() }),
  "GET /topics/{name}/messages/{offset}/trace 404": () => ask(strict, `GET ${TRACE}`),
  "GET /topics/{name}/messages/{offset}/trace 429": () => ask(limited, `GET ${TRACE}`),
  "GET /topics/{name}/messages/{offset}/trace 503": () => ask(draining, `GET ${TRACE}`),
  "POST /tokens 200": () => makeToken(server, '{"client_id":"c","subscribe":["a*"],"ttl":"60s"}'),
  "POST /tokens 400": () => makeToken(server, '{"client_id":"c","ttl":"25h"}'),
  "POST /tokens 401": () => makeToken(server, '{"client_id":"c"}', {}),
  "POST /tokens 403": async () => makeToken(server, '{"client_id":"c"}', await withToken()),
  "POST /tokens 408": () => sendSlowly("/tokens"),
  "POST /tokens 413": () => makeToken(server, " ".repeat(1_048_577)),
  "POST /tokens 429": () => makeToken(limited, '{"client_id":"c"}'),
  "POST /tokens 503": () => makeToken(draining, '{"client_id":"c"}'),
  "GET /stats 403": async () => ask(server, "GET /stats", { headers: await withToken() }),
  "GET /topics 403": async () => ask(server, "GET /topics", { headers: await withToken() }),
  "POST /topics 403": async () => create(server, '{"name":"t"}', await withToken()),
  "DELETE /topics/{name} 403": async () =>
    ask(server, "DELETE /topics/t", { method: "DELETE", headers: await withToken() }),
  "GET /stats 200": () => ask(server, "GET /stats", { headers: WITH_KEY }),
  "GET /stats 401": () => ask(server, "GET /stats"),
  "GET /stats 429": () => ask(limited, "GET /stats"),
  "GET /stats 503": () => ask(draining, "GET /stats"),
  "DELETE /topics/{name} 200": () => ask(server, "DELETE /topics/t", { headers: WITH_KEY }),
  "DELETE /topics/{name} 404": () => ask(server, "DELETE /topics/t", { headers: WITH_KEY }),
  "DELETE /topics/{name} 400": () => ask(server, "DELETE /topics/%00", { headers: WITH_KEY }),
  "DELETE /topics/{name} 401": () => ask(server, "DELETE /topics/t"),
  "DELETE /topics/{name} 429": () => ask(limited, "DELETE /topics/t"),
  "DELETE /topics/{name} 503": () => ask(draining, "DELETE /topics/t"),
  "GET /clients 200": async () => {
    using _client = await TestClient.connect(server.port, { headers: WITH_KEY });
    return await ask(server, "GET /clients", { headers: WITH_KEY });
  },
  "GET /clients 400": () => ask(server, "GET /clients?limit=x", { headers: WITH_KEY }),
  "GET /clients 401": () => ask(server, "GET /clients"),
  "GET /clients 403": async () => ask(server, "GET /clients", { headers: await withToken() }),
  "GET /clients 429": () => ask(limited, "GET /clients"),
  "GET /clients 503": () => ask(draining, "GET /clients"),
  "GET /clients/{id} 200": () => ofClient("GET"),
  "GET /clients/{id} 400": () => ask(server, "GET /clients/x", { headers: WITH_KEY }),
  "GET /clients/{id} 401": () => ask(server, "GET /clients/1"),
  "GET /clients/{id} 403": async () => ask(server, "GET /clients/1", { headers: await withToken() }),
  "GET /clients/{id} 404": () => ask(server, "GET /clients/999999", { headers: WITH_KEY }),
  "GET /clients/{id} 429": () => ask(limited, "GET /clients/1"),
  "GET /clients/{id} 503": () => ask(draining, "GET /clients/1"),
  "DELETE /clients/{id} 200": () => ofClient("DELETE"),
  "DELETE /clients/{id} 400": () => ask(server, "DELETE /clients/x", { headers: WITH_KEY }),
  "DELETE /clients/{id} 401": () => ask(server, "DELETE /clients/1"),
  "DELETE /clients/{id} 403": async () => ask(server, "DELETE /clients/1", { headers: await withToken() }),
  "DELETE /clients/{id} 404": () => ask(server, "DELETE /clients/999999", { headers: WITH_KEY }),
  "DELETE /clients/{id} 429": () => ask(limited, "DELETE /clients/1"),
  "DELETE /clients/{id} 503": () => ask(draining, "DELETE /clients/1"),
  "GET /health 200": () => ask(server, "GET /health"),
  "GET /health 503": () => ask(draining, "GET /health"),
  "GET /health/live 200": () => ask(server, "GET /health/live"),
  "GET /health/ready 200": () => ask(server, "GET /health/ready"),
  "GET /health/ready 503": () => ask(draining, "GET /health/ready"),
  "GET /metrics 200": async () => {
    const answer = await server.fetch("/metrics", { headers: WITH_KEY });
    return { status: answer.status, body: await answer.text() };
  },
  "GET /metrics 401": () => ask(server, "GET /metrics"),
  "GET /metrics 403": async () => ask(server, "GET /metrics", { headers: await withToken() }),
  "GET /metrics 429": () => ask(limited, "GET /metrics"),
  "GET /metrics 503": () => ask(draining, "GET /metrics"),
  "GET /ws 101": () => upgrade(server),
  "GET /ws 400": () => upgrade(server, { ...WITH_KEY, "Sec-WebSocket-Key": "short" }),
  "GET /ws 401": () => upgrade(server, {}),
  "GET /ws 403": () => upgrade(server, { ...WITH_KEY, Origin: "https://other.test" }),
  "GET /ws 426": () => ask(server, "GET /ws", { headers: WITH_KEY }),
  "GET /ws 429": () => beyondLimit("/ws", UPGRADE),
  "GET /ws 503": () => upgrade(draining),
  "GET /ws/session 200": () => ask(server, "GET /ws/session", { headers: WITH_KEY }),
  "GET /ws/session 401": () => ask(server, "GET /ws/session"),
  "GET /ws/session 403": () =>
    ask(server, "GET /ws/session", { headers: { ...WITH_KEY, Origin: "https://other.test" } }),
  "GET /ws/session 429": () => beyondLimit("/ws/session"),
  "GET /ws/session 503": () => ask(draining, "GET /ws/session"),
  "POST /ws/session/{id} 204": () => postInSession("{}"),
  "POST /ws/session/{id} 400": () => postInSession(Buffer.from([0xff])),
  "POST /ws/session/{id} 404": () => ask(server, "POST /ws/session/x", { method: "POST" }),
  "POST /ws/session/{id} 408": () => inSession(({ id }) => sendSlowly(`/ws/session/${id}`)),
  "POST /ws/session/{id} 413": () => postInSession(Buffer.alloc(1_048_577, "x")),
  "POST /ws/session/{id} 429": () => ask(limited, "POST /ws/session/x", { method: "POST" }),
  "POST /ws/session/{id} 503": () => ask(draining, "POST /ws/session/x", { method: "POST" }),
  "GET /swagger/doc.json 200": () => ask(server, "GET /swagger/doc.json"),
  "GET /asyncapi.json 200": () => ask(server, "GET /asyncapi.json"),
};

describe("the answers that the OpenAPI document lists", () => {
  test("are all brought about here, and their bodies are as described", async () => {
    const { operations } = readDescription(await (await server.fetch("/swagger/doc.json")).json());
    const documented = new Map<string, Fits | undefined>();
    for (const { answers, method, path } of operations) {
      for (const [status, { bodies }] of answers) {
        documented.set(`${method} ${path} ${status}`, bodies.get("application/json"));
      }
    }
    expect(Object.keys(EXERCISES).sort()).toEqual([...documented.keys()].sort());
    const begun = draining.nextLog("shutting down");
    draining.stop().catch(() => {});
    await begun;
    // Those of the server that shuts down first: it does not wait for ever.
    const names = Object.keys(EXERCISES);
    const ordered = [...names.filter((name) => name.endsWith("503")), ...names.filter((name) => !name.endsWith("503"))];
    for (const name of ordered) {
      const { body, status } = (await EXERCISES[name]?.()) ?? { status: 0, body: undefined };
      expect({ name, status }).toEqual({ name, status: Number(name.split(" ").at(-1)) });
      const validate = documented.get(name);
      if (validate === undefined) continue;
      expect({ name, valid: validate(body), errors: validate.errors, body }).toMatchObject({
        name,
        valid: true,
        errors: null,
      });
    }
  }, 60_000);
});
