import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { TestClient, UpgradeRefused } from "./support/client.ts";
import { type RawAnswer, rawRequest } from "./support/raw-request.ts";
import { ServerProcess } from "./support/server-process.ts";

vi.setConfig({ testTimeout: 30_000, hookTimeout: 30_000 });

const KEY = "handshake-key";

const HEADERS = {
  Host: "localhost",
  Upgrade: "websocket",
  Connection: "Upgrade",
  "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
  "Sec-WebSocket-Version": "13",
} as const;

type Changes = Partial<Record<keyof typeof HEADERS, string | null>>;

/** Asks for an upgrade with headers changed, or left out where they are null; resolves with a refusal. */
function refusedUpgrade(port: number, changes: Changes, requestLine = "GET /ws HTTP/1.1"): Promise<RawAnswer> {
  const headers: Record<string, string | null> = { ...HEADERS, ...changes };
  const lines = Object.entries(headers).filter(([, value]) => value !== null);
  return rawRequest(port, `${requestLine}\r\n${lines.map(([name, value]) => `${name}: ${value}\r\n`).join("")}\r\n`);
}

/** The status of an upgrade with these headers: 101, or that of the refusal. */
async function upgradeStatus(server: ServerProcess, headers: Record<string, string>): Promise<number> {
  try {
    using client = await TestClient.connect(server.port, { headers });
    // It does not only say so.
    await client.settled();
    return 101;
  } catch (error) {
    if (error instanceof UpgradeRefused) return error.status;
    throw error;
  }
}

describe("an upgrade", () => {
  let server: ServerProcess;
  beforeAll(async () => {
    server = await ServerProcess.start();
  }, 20_000);
  afterAll(async () => {
    await server[Symbol.asyncDispose]();
  });

  test("is answered with the accept key that RFC 6455 computes, and no extension or protocol", async () => {
    using client = await TestClient.connect(server.port, { headers: { ...HEADERS } });
    expect(client.responseHead).toMatch(/^HTTP\/1\.1 101 /);
    expect(client.responseHead).toMatch(/^sec-websocket-accept: s3pPLMBiTxaQ9kYGzzhZRbK\+xOo=\r$/im);
    expect(client.responseHead).toMatch(/^upgrade: websocket\r$/im);
    expect(client.responseHead).toMatch(/^connection: upgrade\r$/im);
    expect(client.responseHead).not.toMatch(/^sec-websocket-extensions:/im);
  });

  test("may spell Upgrade and Connection in any case, among other tokens", async () => {
    const accepted: Record<string, string>[] = [
      { Upgrade: "WebSocket" },
      { Upgrade: "WEBSOCKET" },
      { Upgrade: "h2c, websocket" },
      { Connection: "upgrade" },
      { Connection: "keep-alive, Upgrade" },
    ];
    for (const changes of accepted) {
      expect({ changes, status: await upgradeStatus(server, { ...HEADERS, ...changes }) }).toEqual({
        changes,
        status: 101,
      });
    }
  });

  const refusals: [what: string, changes: Changes, status: number, code: string][] = [
    ["no Upgrade", { Upgrade: null }, 426, "UPGRADE_REQUIRED"],
    ["an Upgrade to something else", { Upgrade: "h2c" }, 426, "UPGRADE_REQUIRED"],
    ["an Upgrade to something that only begins so", { Upgrade: "websocket2" }, 426, "UPGRADE_REQUIRED"],
    ["no Connection", { Connection: null }, 400, "BAD_REQUEST"],
    ["a Connection without Upgrade", { Connection: "keep-alive" }, 400, "BAD_REQUEST"],
    ["no version", { "Sec-WebSocket-Version": null }, 426, "UPGRADE_REQUIRED"],
    ["version 8", { "Sec-WebSocket-Version": "8" }, 426, "UPGRADE_REQUIRED"],
    ["version 14", { "Sec-WebSocket-Version": "14" }, 426, "UPGRADE_REQUIRED"],
    ["a version that is no number", { "Sec-WebSocket-Version": "thirteen" }, 426, "UPGRADE_REQUIRED"],
    ["no key", { "Sec-WebSocket-Key": null }, 400, "BAD_REQUEST"],
    ["an empty key", { "Sec-WebSocket-Key": "" }, 400, "BAD_REQUEST"],
    ["a key that is too short", { "Sec-WebSocket-Key": "c2hvcnQ=" }, 400, "BAD_REQUEST"],
    ["a key that is too long", { "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZSBhbmQgbW9yZQ==" }, 400, "BAD_REQUEST"],
    ["a key that is not Base64", { "Sec-WebSocket-Key": "!!!!!!!!!!!!!!!!!!!!!!==" }, 400, "BAD_REQUEST"],
  ];
  for (const [what, changes, status, code] of refusals) {
    test(`with ${what} is answered with ${status} ${code}`, async () => {
      const answer = await refusedUpgrade(server.port, changes);
      expect({ status: answer.status, body: JSON.parse(answer.body) }).toMatchObject({
        status,
        body: { error: { code } },
      });
      // What a client needs to do better (RFC 6455, section 4.4, and RFC 9110, section 15.5.22).
      if (status === 426) expect(answer.headers.get("Upgrade")).toBe("websocket");
      if (what.includes("version")) expect(answer.headers.get("Sec-WebSocket-Version")).toBe("13");
      expect((await server.stats()).total_clients).toBe(0);
    });
  }

  test("with another method than GET is answered with 405", async () => {
    for (const method of ["POST", "PUT", "DELETE", "PATCH"]) {
      const answer = await refusedUpgrade(server.port, {}, `${method} /ws HTTP/1.1`);
      expect({ method, status: answer.status }).toEqual({ method, status: 405 });
      expect(JSON.parse(answer.body)).toMatchObject({ error: { code: "METHOD_NOT_ALLOWED" } });
    }
  });

  test("at another path is answered with 404", async () => {
    for (const path of ["/ws/", "/wss", "/WS", "/ws/x", "/nothing"]) {
      const answer = await refusedUpgrade(server.port, {}, `GET ${path} HTTP/1.1`);
      expect({ path, status: answer.status }).toEqual({ path, status: 404 });
    }
  });

  test("selects the subprotocol ringcast.v1 where it is offered", async () => {
    for (const offer of ["ringcast.v1", "chat, ringcast.v1", "ringcast.v1,chat", "RingCast.V1"]) {
      using client = await TestClient.connect(server.port, { headers: { "Sec-WebSocket-Protocol": offer } });
      expect(client.responseHead).toMatch(/^sec-websocket-protocol: ringcast\.v1\r$/im);
      await client.settled();
    }
  });

  test("selects no subprotocol where none is offered, or only others", async () => {
    for (const headers of [
      {},
      { "Sec-WebSocket-Protocol": "chat" },
      { "Sec-WebSocket-Protocol": "ringcast.v2, mqtt" },
    ]) {
      using client = await TestClient.connect(server.port, { headers });
      // A header with a value would make a browser fail the connection.
      expect(client.responseHead).not.toMatch(/^sec-websocket-protocol:[ \t]*[^\s]/im);
      await client.settled();
    }
  });

  test("with a query in its path is taken", async () => {
    using client = await TestClient.connect(server.port, { path: "/ws?x=1" });
    await client.settled();
  });
});

describe("the origin of an upgrade", () => {
  const LOOK_ALIKES = [
    "https://example.com.evil.test",
    "https://evil-example.com",
    "https://example.co",
    "https://example.comm",
    "https://sub.example.com",
    "http://example.com",
    "https://example.com:8443",
    "https://example.com/",
    "https://example.com@evil.test",
    "example.com",
    "*",
    "",
    "null",
  ];

  for (const flags of [[], ["-enable-cors"]]) {
    test(`must be one of -allowed-origins, compared whole, ${flags.length === 0 ? "without" : "with"} CORS`, async () => {
      await using server = await ServerProcess.start([
        "-allowed-origins=https://example.com, http://localhost:3000",
        ...flags,
      ]);
      for (const origin of ["https://example.com", "http://localhost:3000"]) {
        expect({ origin, status: await upgradeStatus(server, { Origin: origin }) }).toEqual({ origin, status: 101 });
      }
      for (const origin of [...LOOK_ALIKES, "http://localhost:3001", "http://localhost"]) {
        expect({ origin, status: await upgradeStatus(server, { Origin: origin }) }).toEqual({ origin, status: 403 });
      }
      expect(await upgradeStatus(server, {})).toBe(101);
      const refused = await TestClient.connect(server.port, { headers: { Origin: "https://evil.test" } }).catch(
        (error: unknown) => error,
      );
      expect(refused).toBeInstanceOf(UpgradeRefused);
    });
  }

  test("may be any but null by default", async () => {
    await using server = await ServerProcess.start();
    for (const origin of ["https://example.com", "http://localhost:3000", "https://evil.test"]) {
      expect({ origin, status: await upgradeStatus(server, { Origin: origin }) }).toEqual({ origin, status: 101 });
    }
    expect(await upgradeStatus(server, { Origin: "null" })).toBe(403);
    expect(await upgradeStatus(server, {})).toBe(101);
  });

  test("may be null where null is listed", async () => {
    await using server = await ServerProcess.start(["-allowed-origins=https://example.com,null"]);
    expect(await upgradeStatus(server, { Origin: "null" })).toBe(101);
    expect(await upgradeStatus(server, { Origin: "https://other.test" })).toBe(403);
  });

  test("that is refused is answered with 403 FORBIDDEN, and says what to change", async () => {
    await using server = await ServerProcess.start(["-allowed-origins=https://example.com"]);
    const answer = await rawRequest(
      server.port,
      `GET /ws HTTP/1.1\r\n${Object.entries({ ...HEADERS, Origin: "https://evil.test" })
        .map(([name, value]) => `${name}: ${value}\r\n`)
        .join("")}\r\n`,
    );
    expect(answer.status).toBe(403);
    expect(JSON.parse(answer.body)).toEqual({
      error: { code: "FORBIDDEN", message: expect.stringContaining("-allowed-origins") },
    });
  });
});

describe("the API key of an upgrade", () => {
  test("is needed where one is set: in X-API-Key, or as a bearer token", async () => {
    await using server = await ServerProcess.start([`-api-key=${KEY}`]);
    const refused: Record<string, string>[] = [
      {},
      { "X-API-Key": "wrong" },
      { "X-API-Key": "" },
      { "X-API-Key": `${KEY} ${KEY}` },
      { Authorization: "Bearer wrong" },
      { Authorization: `Basic ${KEY}` },
      { Authorization: KEY },
    ];
    for (const headers of refused) {
      expect({ headers, status: await upgradeStatus(server, headers) }).toEqual({ headers, status: 401 });
    }
    const accepted: Record<string, string>[] = [
      { "X-API-Key": KEY },
      { "x-api-key": KEY },
      { Authorization: `Bearer ${KEY}` },
      { Authorization: `bearer ${KEY}` },
    ];
    for (const headers of accepted) {
      expect({ headers, status: await upgradeStatus(server, headers) }).toEqual({ headers, status: 101 });
    }
  });

  test("that is missing or wrong is answered with the one error body", async () => {
    await using server = await ServerProcess.start([`-api-key=${KEY}`]);
    const answer = await refusedUpgrade(server.port, {});
    expect({ status: answer.status, body: JSON.parse(answer.body) }).toEqual({
      status: 401,
      body: { error: { code: "UNAUTHORIZED", message: expect.any(String) } },
    });
  });

  test("does not matter where none is set", async () => {
    await using server = await ServerProcess.start();
    expect(await upgradeStatus(server, { "X-API-Key": "anything" })).toBe(101);
  });
});

describe("a refused client that offers ringcast.v1", () => {
  /** How the connection ends, which the server must agree to first: a browser shows the status of a refusal to no page. */
  async function closing(port: number, headers: Record<string, string> = {}) {
    using client = await TestClient.connect(port, { headers: { "Sec-WebSocket-Protocol": "ringcast.v1", ...headers } });
    return await client.closed;
  }

  test("is let in and closed at once: 4401 without a key, 4403 from another origin, 1013 when it is full", async () => {
    await using locked = await ServerProcess.start([`-api-key=${KEY}`, "-allowed-origins=https://example.com"]);
    expect(await closing(locked.port)).toEqual({ code: 4401, reason: "a valid API key or token is needed" });
    const fromElsewhere = { "X-API-Key": KEY, Origin: "https://evil.test" };
    expect(await closing(locked.port, fromElsewhere)).toEqual({
      code: 4403,
      reason: expect.stringContaining("-allowed-origins"),
    });
    await using small = await ServerProcess.start(["-max-connections=1"]);
    using _first = await TestClient.connect(small.port);
    expect(await closing(small.port)).toMatchObject({
      code: 1013,
      reason: expect.stringMatching(/^the limit of 1 connections .*\(-max-connections\); retry after [1-4]\d{3} ms$/),
    });
  });

  test("sees the status where the handshake itself is wrong", async () => {
    await using server = await ServerProcess.start([`-api-key=${KEY}`]);
    const headers = { "Sec-WebSocket-Protocol": "ringcast.v1", "Sec-WebSocket-Version": "8" };
    expect(await upgradeStatus(server, headers)).toBe(401);
    expect(await upgradeStatus(server, { ...headers, "X-API-Key": KEY })).toBe(426);
  });
});
