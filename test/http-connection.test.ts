import { spawnSync } from "node:child_process";
import { describe, expect, test } from "vitest";
import { RUNS_ON_BUN, SCRIPT_RUNTIME } from "./support/command.ts";
import { within } from "./support/mailbox.ts";
import { RawConnection } from "./support/raw-connection.ts";
import { rawRequest } from "./support/raw-request.ts";
import { ServerProcess } from "./support/server-process.ts";

const H2C = "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAoAAAAAIAAAAA\r\n";
const WEBSOCKET =
  "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n";

/** The parser of newer Node.js drops a request that comes in one piece with the body of one whose upgrade was declined. */
const LOSES_NEXT_REQUEST =
  Number.parseInt(spawnSync(SCRIPT_RUNTIME, ["-p", "process.versions.node"], { encoding: "utf8" }).stdout, 10) >= 24 &&
  !RUNS_ON_BUN;

describe("an upgrade that is not agreed to", () => {
  test("is ignored: the request gets its response without the upgrade, and the connection stays open", async () => {
    await using server = await ServerProcess.start();
    using connection = await RawConnection.open(server.port);
    const get = `GET /health HTTP/1.1\r\nHost: x\r\n${H2C}\r\n`;
    for (let i = 0; i < 3; i++) {
      connection.send(get);
      expect(await connection.until("healthy")).toMatch(/^HTTP\/1\.1 200 /);
    }
    // Java's HTTP client offers HTTP/2 with its first request, whatever that is.
    const post = (name: string) =>
      `POST /topics HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: ${name.length + 11}\r\n${H2C}\r\n{"name":"${name}"}`;
    connection.send(post("one"));
    expect(await connection.until('"one"')).toMatch(/^HTTP\/1\.1 201 /);
    // Its body may come later, and the next request with it.
    const second = post("two");
    connection.send(second.slice(0, -6));
    if (LOSES_NEXT_REQUEST) {
      connection.send(second.slice(-6));
      expect(await connection.until('"two"')).toMatch(/^HTTP\/1\.1 201 /);
      connection.send(get);
      expect(await connection.until("healthy")).toMatch(/^HTTP\/1\.1 200 /);
      return;
    }
    connection.send(second.slice(-6) + get);
    expect(await connection.until("healthy")).toMatch(/^HTTP\/1\.1 201 [\s\S]*HTTP\/1\.1 200 /);
  });

  test("to a WebSocket at another path is answered with 404, at /ws by another method with 405", async () => {
    await using server = await ServerProcess.start();
    expect((await rawRequest(server.port, `GET /nothing HTTP/1.1\r\nHost: x\r\n${WEBSOCKET}\r\n`)).status).toBe(404);
    expect((await rawRequest(server.port, `POST /ws HTTP/1.1\r\nHost: x\r\n${WEBSOCKET}\r\n`)).status).toBe(405);
    const health = await rawRequest(server.port, `GET /health HTTP/1.1\r\nHost: x\r\n${WEBSOCKET}\r\n`);
    expect(health.status).toBe(200);
  });
});

describe("what is no HTTP", () => {
  test.each([
    ["nonsense", "nonsense\r\n\r\n"],
    ["a header without a colon", "GET /health HTTP/1.1\r\nHost x\r\n\r\n"],
    ["two lengths", "POST /topics HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n"],
    [
      "a length beside chunks",
      "POST /topics HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
    ],
    ["a chunk that is none", "POST /topics HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"],
    ["no Host", "GET /health HTTP/1.1\r\n\r\n"],
    ["a backslash in the path", "GET /\\x HTTP/1.1\r\nHost: x\r\n\r\n"],
  ])("is answered with 400 BAD_REQUEST: %s", async (_what, request) => {
    await using server = await ServerProcess.start();
    const answer = await rawRequest(server.port, request);
    expect(answer.status).toBe(400);
    expect(JSON.parse(answer.body)).toMatchObject({ error: { code: "BAD_REQUEST" } });
    expect((await server.stats()).internal_errors).toBe(0);
  });

  test("is answered with 431 where the head is too large", async () => {
    await using server = await ServerProcess.start();
    const answer = await rawRequest(
      server.port,
      `GET /health HTTP/1.1\r\nHost: x\r\nX: ${"x".repeat(100_000)}\r\n\r\n`,
    );
    expect(answer.status).toBe(431);
    expect(JSON.parse(answer.body)).toMatchObject({ error: { code: "BAD_REQUEST" } });
  });
});

describe("-read-timeout", () => {
  test("is the time for a request's head as well: one that trickles in is answered with 408", async () => {
    await using server = await ServerProcess.start(["-read-timeout=500ms"]);
    using connection = await RawConnection.open(server.port);
    connection.send("GET /health HTTP/1.1\r\n");
    const trickle = setInterval(() => connection.send("X: y\r\n"), 50);
    try {
      expect(await connection.until("REQUEST_TIMEOUT")).toMatch(/^HTTP\/1\.1 408 /);
      await within(connection.closed, "the close", 10_000);
    } finally {
      clearInterval(trickle);
    }
  });

  test("closes a connection on which nothing was ever asked, without a word", async () => {
    await using server = await ServerProcess.start(["-read-timeout=300ms"]);
    using connection = await RawConnection.open(server.port);
    await within(connection.closed, "the close", 10_000);
    expect(connection.bytes).toBe(0);
  });
});

describe("-idle-timeout", () => {
  test("is sent to clients, and holds to the second", async () => {
    await using server = await ServerProcess.start(["-idle-timeout=2s"]);
    using connection = await RawConnection.open(server.port);
    connection.send("GET /health HTTP/1.1\r\nHost: x\r\n\r\n");
    expect(await connection.until("healthy")).toMatch(/^keep-alive: timeout=2\r$/im);
    const start = performance.now();
    await within(connection.closed, "the close", 10_000);
    const idleMs = performance.now() - start;
    expect(idleMs).toBeGreaterThan(1900);
    // Node gives a request that is on its way a second more.
    expect(idleMs).toBeLessThan(4500);
  });
});

describe("a body that is refused", () => {
  test("does not keep the client from the answer, however much of it is still on its way", async () => {
    await using server = await ServerProcess.start(["-max-message-size=1000"]);
    const head = "POST /topics HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n";
    const large = "x".repeat(4 * 1024 * 1024);
    const chunks = `Transfer-Encoding: chunked\r\n\r\n${large.length.toString(16)}\r\n${large}`;
    for (const rest of [`Content-Length: ${large.length}\r\n\r\n${large}`, chunks]) {
      const answer = await rawRequest(server.port, head + rest);
      expect(answer.status).toBe(413);
      expect(JSON.parse(answer.body)).toMatchObject({ error: { code: "PAYLOAD_TOO_LARGE" } });
    }
  });
});
