import { describe, expect, test, vi } from "vitest";
import { runChild } from "./support/child.ts";
import { TestClient } from "./support/client.ts";
import { findProgram } from "./support/programs.ts";
import { rawRequest } from "./support/raw-request.ts";
import { ServerProcess } from "./support/server-process.ts";

vi.setConfig({ testTimeout: 30_000, hookTimeout: 30_000 });

const MEBIBYTE = 1024 * 1024;
const KEY = "rest-key";

/** An error answer: its status, and the one body that all of them have. */
async function expectError(answer: Response, status: number, code: string): Promise<void> {
  const body: unknown = await answer.json();
  expect({ status: answer.status, body }).toEqual({
    status,
    body: { error: { code, message: expect.stringMatching(/./) } },
  });
  expect(answer.headers.get("content-type")).toMatch(/^application\/json\b/);
}

/** The head of a raw POST /topics, without the empty line that ends it. */
function postHead(...headers: readonly string[]): string {
  return ["POST /topics HTTP/1.1", "Host: x", "Content-Type: application/json", ...headers, ""].join("\r\n");
}

describe("POST /topics", () => {
  test("answers 201 with the topic that it made", async () => {
    await using server = await ServerProcess.start();
    const answer = await server.post("/topics", { name: "orders" });
    expect(answer.status).toBe(201);
    expect(await answer.json()).toEqual({ status: "created", topic: "orders" });
  });

  test("answers 409 CONFLICT for a topic that is there", async () => {
    await using server = await ServerProcess.start();
    await server.post("/topics", { name: "orders" });
    await expectError(await server.post("/topics", { name: "orders" }), 409, "CONFLICT");
  });

  test("answers 400 BAD_REQUEST for what is no JSON, or not what it takes", async () => {
    await using server = await ServerProcess.start();
    const bodies = [
      "",
      " ",
      "{",
      "{'name':'a'}",
      '{"name":"a"} x',
      '{"name":"a",}',
      "null",
      "5",
      '"orders"',
      "[]",
      "{}",
      '{"Name":"a"}',
      '{"name":""}',
      '{"name":5}',
      '{"name":null}',
      '{"name":["a"]}',
      '{"name":"a\\nb"}',
      '{"name":"\\ud800"}',
      `{"name":"${"x".repeat(256)}"}`,
      '{"name":"a","name":5}',
    ];
    for (const body of bodies) await expectError(await server.post("/topics", body), 400, "BAD_REQUEST");
    const invalidUtf8 = new Uint8Array([...Buffer.from('{"name":"'), 0xff, ...Buffer.from('"}')]);
    const headers = { "Content-Type": "application/json" };
    await expectError(
      await server.fetch("/topics", { method: "POST", headers, body: invalidUtf8 }),
      400,
      "BAD_REQUEST",
    );
    await expectError(await server.fetch("/topics", { method: "POST", headers }), 400, "BAD_REQUEST");
    expect(await server.stats()).toMatchObject({ total_topics: 0, internal_errors: 0 });
  });

  test("answers 400 BAD_REQUEST to a body nested deeper than 1,000 levels, and takes one of 1,000", async () => {
    await using server = await ServerProcess.start();
    const nested = (levels: number) => `{"name":"n${levels}","x":${"[".repeat(levels - 1)}${"]".repeat(levels - 1)}}`;
    await expectError(await server.post("/topics", nested(1001)), 400, "BAD_REQUEST");
    await expectError(await server.post("/topics", "[".repeat(MEBIBYTE)), 400, "BAD_REQUEST");
    await expectError(await server.post("/topics", nested(400_000)), 400, "BAD_REQUEST");
    expect((await server.post("/topics", nested(1000))).status).toBe(201);
  });

  test("answers 400 BAD_REQUEST to a body that is not declared as JSON", async () => {
    await using server = await ServerProcess.start();
    const types = ["text/plain", "application/x-www-form-urlencoded", "application/jsonp", "text/json", "json"];
    for (const type of [...types, "application/json-patch+json", "application/json, text/plain"]) {
      const headers = { "Content-Type": type };
      await expectError(await server.post("/topics", { name: "t" }, headers), 400, "BAD_REQUEST");
      await expectError(await server.post("/topics/t/messages", { payload: 1 }, headers), 400, "BAD_REQUEST");
      await expectError(await server.post("/tokens", { client_id: "c" }, headers), 400, "BAD_REQUEST");
    }
    const body = '{"name":"t"}';
    const bare = await rawRequest(
      server.port,
      `POST /topics HTTP/1.1\r\nHost: x\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
    );
    expect(bare.status).toBe(400);
    expect((await server.stats()).total_topics).toBe(0);
  });

  test("takes a body declared as JSON in any spelling, with parameters", async () => {
    await using server = await ServerProcess.start();
    const types = [
      "application/json",
      "application/json; charset=utf-8",
      "application/json;charset=UTF-8",
      "Application/JSON",
      "application/json ; charset=utf-8",
      'application/json;\tcharset="utf-8"; q=1',
      "application/json;",
    ];
    for (const type of types) {
      const headers = { "Content-Type": type };
      const created = await server.post("/topics", { name: encodeURIComponent(type) }, headers);
      const published = await server.post("/topics/t/messages", { payload: 1 }, headers);
      const token = await server.post("/tokens", { client_id: "c" }, headers);
      const statuses = [created.status, published.status, token.status];
      expect({ type, statuses }).toEqual({ type, statuses: [201, 200, 200] });
    }
  });

  test("takes a chunked body and one of exactly -max-message-size bytes", async () => {
    await using server = await ServerProcess.start(["-max-message-size=1000"]);
    const chunked = await rawRequest(
      server.port,
      `${postHead("Transfer-Encoding: chunked")}\r\n8\r\n{"name":\r\n`,
      `9\r\n"chunked"\r\n1\r\n}\r\n0\r\n\r\n`,
    );
    expect(chunked.status).toBe(201);
    const body = '{"name":"exact"}'.padEnd(1000, " ");
    expect((await server.post("/topics", body)).status).toBe(201);
    await expectError(await server.post("/topics", `${body} `), 413, "PAYLOAD_TOO_LARGE");
  });

  test("answers 413 PAYLOAD_TOO_LARGE to a body over -max-message-size: announced, sent, or chunked", async () => {
    await using server = await ServerProcess.start();
    const body = `{"name":"${"x".repeat(MEBIBYTE)}"}`;
    await expectError(await server.post("/topics", body), 413, "PAYLOAD_TOO_LARGE");
    // Announced only, beyond any limit of the server's own parser too.
    for (const length of [MEBIBYTE + 1, 128 * MEBIBYTE + 1, 200 * MEBIBYTE, 5 * 1024 * MEBIBYTE]) {
      const answer = await rawRequest(server.port, `${postHead(`Content-Length: ${length}`)}\r\n`);
      expect({ length, status: answer.status }).toEqual({ length, status: 413 });
      expect(JSON.parse(answer.body)).toMatchObject({ error: { code: "PAYLOAD_TOO_LARGE" } });
    }
    const chunk = `${(64 * 1024).toString(16)}\r\n${" ".repeat(64 * 1024)}\r\n`;
    const chunks = Array.from({ length: 17 }, () => chunk);
    const chunked = await rawRequest(server.port, `${postHead("Transfer-Encoding: chunked")}\r\n`, ...chunks);
    expect(chunked.status).toBe(413);
    expect(JSON.parse(chunked.body)).toMatchObject({ error: { code: "PAYLOAD_TOO_LARGE" } });
    expect((await server.fetch("/health")).status).toBe(200);
  });

  test("answers 408 REQUEST_TIMEOUT to a body that does not arrive within -read-timeout", async () => {
    await using server = await ServerProcess.start(["-read-timeout=300ms"]);
    const answer = await rawRequest(server.port, `${postHead("Content-Length: 100")}\r\n{"name":`);
    expect(answer.status).toBe(408);
    expect(JSON.parse(answer.body)).toMatchObject({ error: { code: "REQUEST_TIMEOUT" } });
  });
});

describe("GET /topics", () => {
  test("lists every topic with its time of creation and its counts", async () => {
    await using server = await ServerProcess.start();
    expect(await (await server.fetch("/topics")).json()).toEqual({ topics: [] });
    using client = await TestClient.connect(server.port);
    await server.post("/topics", { name: "orders" });
    await client.subscribe("orders");
    await client.published("notifications", "m", 1);
    const answer = await server.fetch("/topics");
    expect(answer.status).toBe(200);
    const created_at = expect.stringMatching(/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z$/);
    expect(await answer.json()).toEqual({
      topics: [
        { name: "orders", created_at, message_count: 0, subscriber_count: 1 },
        { name: "notifications", created_at, message_count: 1, subscriber_count: 0 },
      ],
    });
  });
});

describe("DELETE /topics/{name}", () => {
  test("answers 200 with the topic that is gone, and 404 NOT_FOUND where there is none", async () => {
    await using server = await ServerProcess.start();
    await server.post("/topics", { name: "orders" });
    const answer = await server.fetch("/topics/orders", { method: "DELETE" });
    expect(answer.status).toBe(200);
    expect(await answer.json()).toEqual({ status: "deleted", topic: "orders" });
    await expectError(await server.fetch("/topics/orders", { method: "DELETE" }), 404, "NOT_FOUND");
    await expectError(await server.fetch(`/topics/${"x".repeat(256)}`, { method: "DELETE" }), 400, "BAD_REQUEST");
  });
});

describe("GET /health", () => {
  test("answers 200 with the server's health, also without the key that all else needs", async () => {
    await using server = await ServerProcess.start([`-api-key=${KEY}`]);
    const answer = await server.fetch("/health");
    expect(answer.status).toBe(200);
    const uptime_sec = expect.any(Number);
    expect(await answer.json()).toEqual({
      status: "healthy",
      uptime_sec,
      topics: 0,
      subscribers: 0,
      total_messages: 0,
    });
  });

  test("answers HEAD with 200, the length that GET would bring, and no body", async () => {
    await using server = await ServerProcess.start();
    const ask = (method: string) =>
      rawRequest(server.port, `${method} /health/live HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`);
    const answer = await ask("HEAD");
    expect(answer).toMatchObject({ status: 200, body: "" });
    expect(answer.headers.get("content-length")).toBe(String((await ask("GET")).body.length));
  });

  test.skipIf(findProgram("wget") === undefined)(
    "satisfies the wget that the specification's health check runs",
    async () => {
      await using server = await ServerProcess.start();
      const run = async (path: string) =>
        (await runChild(["wget", "--no-verbose", "--tries=1", "--spider", `${server.url}${path}`])).code;
      expect(await run("/health")).toBe(0);
      // So that a wget which always succeeds would not do.
      expect(await run("/nothing")).not.toBe(0);
    },
  );
});

describe("GET /stats", () => {
  test("answers with every key of the specification, and more", async () => {
    await using server = await ServerProcess.start();
    await server.post("/topics", { name: "orders" });
    const answer = await server.fetch("/stats");
    expect(answer.status).toBe(200);
    const created_at = expect.any(String);
    expect(await answer.json()).toMatchObject({
      total_clients: 0,
      total_topics: 1,
      total_messages: 0,
      active_topics: 0,
      uptime: expect.stringMatching(/^(\d+h)?(\d+m)?\d+s$/),
      topics: { orders: { name: "orders", created_at, message_count: 0, subscriber_count: 0 } },
      dropped_messages: 0,
      slow_consumers: 0,
      queued_messages: 0,
      queued_bytes: 0,
      sent_bytes: 0,
      published_per_sec: expect.any(Number),
      delivered_per_sec: expect.any(Number),
    });
  });
});

describe("a path that there is not", () => {
  test("is answered with 404 NOT_FOUND", async () => {
    await using server = await ServerProcess.start();
    for (const path of ["/console/x", "/topic", "/topics/", "/topics/a/b", "/Health", "/ws/", "/swagger/x", "/..%2f"]) {
      await expectError(await server.fetch(path), 404, "NOT_FOUND");
    }
  });
});

describe("a method that a path does not take", () => {
  test("is answered with 405 METHOD_NOT_ALLOWED and an Allow header that lists the others", async () => {
    await using server = await ServerProcess.start();
    const cases: [path: string, allow: string, refused: string[]][] = [
      ["/topics", "GET, POST", ["PUT", "DELETE", "PATCH", "OPTIONS"]],
      ["/topics/t", "DELETE, GET", ["POST", "PUT"]],
      ["/topics/t/messages", "GET, POST", ["PUT", "DELETE"]],
      ["/health", "GET", ["POST", "DELETE"]],
      ["/stats", "GET", ["POST", "PUT"]],
      ["/ws", "GET", ["POST", "PUT"]],
      ["/swagger/", "GET", ["POST"]],
      ["/swagger/doc.json", "GET", ["DELETE"]],
      ["/asyncapi.json", "GET", ["POST"]],
    ];
    for (const [path, allow, refused] of cases) {
      for (const method of refused) {
        const init = method === "POST" ? { body: "{}", headers: { "Content-Type": "application/json" } } : {};
        const answer = await server.fetch(path, { method, ...init });
        await expectError(answer, 405, "METHOD_NOT_ALLOWED");
        expect(answer.headers.get("Allow")?.split(", ").sort().join(", ")).toBe(allow);
      }
    }
  });
});

describe("every other path", () => {
  test("is answered with 401 UNAUTHORIZED where a key is set and none or a wrong one is given", async () => {
    await using server = await ServerProcess.start([`-api-key=${KEY}`]);
    const requests: [method: string, path: string][] = [
      ["GET", "/topics"],
      ["POST", "/topics"],
      ["DELETE", "/topics/t"],
      ["GET", "/stats"],
      ["GET", "/ws"],
      ["GET", "/nothing"],
    ];
    const wrong: Record<string, string>[] = [
      {},
      { "X-API-Key": "" },
      { "X-API-Key": `${KEY}x` },
      { "X-API-Key": KEY.slice(1) },
      { "X-API-Key": KEY.toUpperCase() },
      { Authorization: `Basic ${KEY}` },
      { Authorization: KEY },
      { Authorization: "Bearer nonsense" },
      { Cookie: `X-API-Key=${KEY}` },
    ];
    for (const [method, path] of requests) {
      for (const headers of wrong)
        await expectError(await server.fetch(path, { method, headers }), 401, "UNAUTHORIZED");
    }
    await expectError(await server.fetch(`/topics?api_key=${KEY}`), 401, "UNAUTHORIZED");
    for (const headers of [
      { "X-API-Key": KEY },
      { Authorization: `Bearer ${KEY}` },
      { authorization: `bearer ${KEY}` },
    ]) {
      expect((await server.fetch("/stats", { headers })).status).toBe(200);
    }
  });

  test("is answered with 429 RATE_LIMITED and Retry-After once an address has used up its burst", async () => {
    await using server = await ServerProcess.start(["-rate-limit-per-min=1", "-rate-limit-burst=3"]);
    for (const path of ["/topics", "/stats", "/nothing"]) expect((await server.fetch(path)).status).not.toBe(429);
    for (const path of ["/topics", "/stats", "/nothing", "/ws"]) {
      const answer = await server.fetch(path);
      expect(Number(answer.headers.get("Retry-After"))).toBeGreaterThan(0);
      await expectError(answer, 429, "RATE_LIMITED");
    }
    for (const path of ["/health", "/swagger/", "/swagger/doc.json", "/asyncapi.json"]) {
      expect((await server.fetch(path)).status).toBe(200);
    }
  });
});

test("a request whose Host is none is answered with 400 BAD_REQUEST on every path, and is no fault of the server's", async () => {
  await using server = await ServerProcess.start();
  for (const host of [
    "",
    "a b",
    "[::",
    "x:99999999",
    "x:y",
    "x/health?",
    "x/swagger/",
    "u@x",
    "x#",
    "\\",
    "\u00ff?",
    "%",
  ]) {
    for (const path of ["/stats", "/health", "/topics/t/events", "/swagger/doc.json", "/nothing"]) {
      const { body, status } = await rawRequest(server.port, `GET ${path} HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
      expect({ host, path, status }).toEqual({ host, path, status: 400 });
      expect(JSON.parse(body)).toMatchObject({ error: { code: "BAD_REQUEST" } });
    }
  }
  for (const host of ["x", "x:80", "[::1]:8080", "127.0.0.1", "a.example.", "xn--nxasmq6b", "A_b-c:"]) {
    const { status } = await rawRequest(server.port, `GET /health HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
    expect({ host, status }).toEqual({ host, status: 200 });
  }
  expect((await server.stats()).internal_errors).toBe(0);
});

describe("GET /ws", () => {
  test("is answered with 426 UPGRADE_REQUIRED where no upgrade is asked for", async () => {
    await using server = await ServerProcess.start();
    const answer = await server.fetch("/ws");
    expect(answer.headers.get("Upgrade")).toBe("websocket");
    await expectError(answer, 426, "UPGRADE_REQUIRED");
  });
});

describe("a limit of the server", () => {
  test("is answered with 503 and Retry-After: topics, and connections", async () => {
    await using server = await ServerProcess.start(["-max-topics=1", "-max-connections=1"]);
    await server.post("/topics", { name: "one" });
    const topics = await server.post("/topics", { name: "two" });
    expect(topics.headers.get("Retry-After")).toMatch(/^\d+$/);
    await expectError(topics, 503, "LIMIT_EXCEEDED");
    using client = await TestClient.connect(server.port);
    await client.settled();
    const upgrade = await rawRequest(
      server.port,
      "GET /ws HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
        "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n\r\n",
    );
    expect(upgrade.status).toBe(503);
    expect(upgrade.headers.get("Retry-After")).toMatch(/^\d+$/);
    expect(JSON.parse(upgrade.body)).toMatchObject({ error: { code: "UNAVAILABLE" } });
  });
});
