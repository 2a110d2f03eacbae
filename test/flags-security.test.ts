import { describe, expect, test, vi } from "vitest";
import { TestClient, UpgradeRefused } from "./support/client.ts";
import { within } from "./support/mailbox.ts";
import { RawConnection } from "./support/raw-connection.ts";
import { ServerProcess } from "./support/server-process.ts";

vi.setConfig({ testTimeout: 30_000, hookTimeout: 30_000 });

const KEY = "s3cret-KEY";
const PROTECTED = [
  ["GET", "/topics"],
  ["POST", "/topics"],
  ["DELETE", "/topics/t"],
  ["GET", "/stats"],
  ["GET", "/nowhere"],
  ["GET", "/clients"],
  ["GET", "/clients/1"],
  ["DELETE", "/clients/1"],
  // No documentation pages and no console, however close their names come.
  ["GET", "/consolex"],
  ["GET", "/swaggerx"],
  ["GET", "/metrics"],
  ["GET", "/metrics/"],
  ["GET", "/health/"],
  ["GET", "/health/ready/"],
  ["GET", "/healthz"],
] as const;
const OPEN = [
  "/health",
  "/health/live",
  "/health/ready",
  "/swagger/",
  "/swagger/doc.json",
  "/swagger/swagger-ui.css",
  "/swagger/swagger-ui-bundle.js",
  "/swagger/start.js",
  "/asyncapi.json",
];
const RIGHT: Record<string, string>[] = [
  { "X-API-Key": KEY },
  { Authorization: `Bearer ${KEY}` },
  { authorization: `bearer ${KEY}` },
];
const WRONG: Record<string, string>[] = [
  {},
  { "X-API-Key": "" },
  { "X-API-Key": "wrong" },
  { "X-API-Key": KEY.toLowerCase() },
  { "X-API-Key": KEY.slice(0, -1) },
  { "X-API-Key": `${KEY}x` },
  { Authorization: KEY },
  { Authorization: `Basic ${KEY}` },
  { Authorization: `Bearer ${KEY}x` },
  { Authorization: "Bearer" },
  { "X-API-Key": "wrong", Authorization: `Bearer ${KEY}` },
];

/** The status of an upgrade. */
async function upgradeStatus(port: number, headers: Record<string, string> = {}): Promise<number> {
  try {
    using _client = await TestClient.connect(port, { headers });
    return 101;
  } catch (error) {
    if (error instanceof UpgradeRefused) return error.status;
    throw error;
  }
}

describe("-api-key", () => {
  test("is asked for on every path but the open ones", async () => {
    await using server = await ServerProcess.start([`-api-key=${KEY}`]);
    for (const [method, path] of PROTECTED) {
      for (const headers of WRONG) {
        const answer = await server.fetch(path, { method, headers });
        expect({ method, path, headers, status: answer.status }).toEqual({ method, path, headers, status: 401 });
        expect(await answer.json()).toMatchObject({ error: { code: "UNAUTHORIZED" } });
      }
      for (const headers of RIGHT) expect((await server.fetch(path, { method, headers })).status).not.toBe(401);
    }
    expect((await server.post("/topics", { name: "t" }, { "X-API-Key": KEY })).status).toBe(201);
    expect((await server.post("/topics", { name: "u" }, { Authorization: `Bearer ${KEY}` })).status).toBe(201);
    expect((await server.post("/topics", { name: "v" })).status).toBe(401);
    const list = await server.fetch("/topics", { headers: { "X-API-Key": KEY } });
    expect(JSON.stringify(await list.json()).match(/"name":"."/g)).toEqual(['"name":"t"', '"name":"u"']);
  });

  test("is asked for by the WebSocket endpoint, before anything else is said about the upgrade", async () => {
    await using server = await ServerProcess.start([`-api-key=${KEY}`]);
    for (const headers of WRONG) expect(await upgradeStatus(server.port, headers)).toBe(401);
    for (const headers of RIGHT) expect(await upgradeStatus(server.port, headers)).toBe(101);
    expect((await server.fetch("/ws")).status).toBe(401);
  });

  test("is not asked for by the health check and the documentation", async () => {
    await using server = await ServerProcess.start([`-api-key=${KEY}`]);
    for (const path of OPEN) {
      for (const headers of [{}, { "X-API-Key": "wrong" }]) {
        const answer = await server.fetch(path, { headers });
        expect({ path, status: answer.status }).toEqual({ path, status: 200 });
        expect(await answer.text()).not.toContain(KEY);
      }
    }
  });

  test("can't be gone round by other spellings of a path", async () => {
    await using server = await ServerProcess.start([`-api-key=${KEY}`]);
    await server.post("/topics", { name: "secret-topic" }, { "X-API-Key": KEY });
    for (const target of [
      "/swagger/../topics",
      "/swagger/%2e%2e/topics",
      "/swagger/..%2ftopics",
      "/health/../stats",
      "/health?/../stats",
      "//topics",
      "/./topics",
      "/topics?/health",
      "/topics#/health",
      "/%74opics",
      "http://x/topics",
      "http://x/swagger/../topics",
      "http://health/topics",
    ]) {
      using connection = await RawConnection.open(server.port);
      connection.send(`GET ${target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`);
      const answer = await connection.until("\r\n\r\n");
      await within(connection.closed, "the end of the answer", 20_000);
      expect(answer + connection.received).not.toMatch(/secret-topic|total_clients/);
    }
  });

  test("left out or empty lets everybody in, whatever they present", async () => {
    for (const flags of [[], ["-api-key="]]) {
      await using server = await ServerProcess.start(flags);
      for (const headers of WRONG) expect((await server.fetch("/stats", { headers })).status).toBe(200);
      expect(await upgradeStatus(server.port, { "X-API-Key": "any" })).toBe(101);
    }
  });
});

const SITE = "https://site.example";
const CORS_HEADER = "access-control-allow-origin";

function preflight(server: ServerProcess, path: string, origin: string): Promise<Response> {
  const headers = {
    Origin: origin,
    "Access-Control-Request-Method": "POST",
    "Access-Control-Request-Headers": "content-type,x-api-key",
  };
  return server.fetch(path, { method: "OPTIONS", headers });
}

describe("-enable-cors", () => {
  test("alone makes the server send CORS headers", async () => {
    await using without = await ServerProcess.start();
    await using withIt = await ServerProcess.start(["-enable-cors"]);
    for (const path of ["/health", "/topics", "/stats", "/nowhere"]) {
      const headers = { Origin: SITE };
      const plain = await without.fetch(path, { headers });
      expect([...plain.headers.keys()].filter((name) => name.startsWith("access-control"))).toEqual([]);
      expect((await withIt.fetch(path, { headers })).headers.get(CORS_HEADER)).toBe(SITE);
      // A request that names no origin is from no page of another site.
      expect((await withIt.fetch(path)).headers.get(CORS_HEADER)).toBe(null);
    }
    expect((await preflight(without, "/topics", SITE)).headers.get(CORS_HEADER)).toBe(null);
  });

  test("answers a preflight without the key, which a browser does not send with it", async () => {
    await using server = await ServerProcess.start(["-enable-cors", `-allowed-origins=${SITE}`, `-api-key=${KEY}`]);
    for (const path of ["/topics", "/topics/t", "/stats"]) {
      const answer = await preflight(server, path, SITE);
      expect(answer.status).toBe(204);
      expect(answer.headers.get(CORS_HEADER)).toBe(SITE);
      for (const method of ["GET", "POST", "DELETE"]) {
        expect(answer.headers.get("access-control-allow-methods")).toContain(method);
      }
      const allowed = answer.headers.get("access-control-allow-headers")?.toLowerCase() ?? "";
      for (const header of ["content-type", "x-api-key", "authorization"]) expect(allowed).toContain(header);
    }
  });

  test("gives an origin that is not allowed no header, in preflights and answers", async () => {
    await using server = await ServerProcess.start(["-enable-cors", `-allowed-origins=${SITE}`]);
    for (const origin of ["https://other.example", `${SITE}.evil.example`, "null", "http://site.example"]) {
      expect((await preflight(server, "/topics", origin)).headers.get(CORS_HEADER)).toBe(null);
      expect((await server.fetch("/topics", { headers: { Origin: origin } })).headers.get(CORS_HEADER)).toBe(null);
    }
  });

  test("puts its headers on errors too, so that a page can read them", async () => {
    const flags = ["-enable-cors", `-api-key=${KEY}`, "-rate-limit-per-min=1", "-rate-limit-burst=1"];
    await using server = await ServerProcess.start(flags);
    const headers = { Origin: SITE, "X-API-Key": KEY };
    const requests = [
      [401, () => server.fetch("/stats", { headers: { Origin: SITE } })],
      [404, () => server.fetch("/nowhere", { headers })],
      [404, () => server.fetch("/topics/none", { method: "DELETE", headers })],
      [405, () => server.fetch("/topics", { method: "PUT", headers })],
      [400, () => server.post("/topics", "{", headers)],
      [426, () => server.fetch("/ws", { headers })],
      [429, () => server.fetch("/stats", { headers: { Origin: SITE } })],
    ] as const;
    for (const [status, ask] of requests) {
      const answer = await ask();
      expect({ status: answer.status, cors: answer.headers.get(CORS_HEADER) }).toEqual({ status, cors: SITE });
    }
  });

  test("lets pages read Retry-After, on every path and in event streams", async () => {
    const flags = ["-enable-cors", "-rate-limit-per-min=1", "-rate-limit-burst=1", "-max-connections=1"];
    await using server = await ServerProcess.start(flags);
    const headers = { Origin: SITE };
    const exposed = (answer: Response) => ({
      status: answer.status,
      exposed: answer.headers.get("access-control-expose-headers"),
      retryAfter: answer.headers.has("retry-after"),
    });
    expect(exposed(await server.fetch("/topics", { headers }))).toEqual({
      status: 200,
      exposed: "Retry-After",
      retryAfter: false,
    });
    const limited = { status: 429, exposed: "Retry-After", retryAfter: true };
    expect(exposed(await server.fetch("/topics", { headers }))).toEqual(limited);
    expect(exposed(await server.post("/topics/t/messages", { payload: 0 }, headers))).toEqual(limited);
    using _client = await TestClient.connect(server.port);
    const full = { status: 503, exposed: "Retry-After", retryAfter: true };
    expect(exposed(await server.fetch("/topics/t/events", { headers }))).toEqual(full);
  });
});

describe("-allowed-origins", () => {
  test("decides who may open a WebSocket, with CORS and without; no Origin is no browser", async () => {
    for (const cors of ["-enable-cors=false", "-enable-cors"]) {
      await using server = await ServerProcess.start([`-allowed-origins=${SITE}, https://b.example:8443`, cors]);
      expect(await upgradeStatus(server.port)).toBe(101);
      for (const Origin of [SITE, "https://b.example:8443", "HTTPS://Site.Example"]) {
        expect(await upgradeStatus(server.port, { Origin })).toBe(101);
      }
      for (const Origin of [
        "https://other.example",
        `${SITE}.evil.example`,
        `https://evil.example/${SITE}`,
        "https://evil-site.example",
        "http://site.example",
        `${SITE}:444`,
        "https://b.example",
        `${SITE}/`,
        "null",
        "",
        "*",
      ]) {
        expect({ Origin, status: await upgradeStatus(server.port, { Origin }) }).toEqual({ Origin, status: 403 });
      }
    }
  });

  test("of * allows every origin but null, which must be listed", async () => {
    await using everybody = await ServerProcess.start();
    expect(await upgradeStatus(everybody.port, { Origin: "https://any.example" })).toBe(101);
    expect(await upgradeStatus(everybody.port, { Origin: "null" })).toBe(403);
    await using listed = await ServerProcess.start(["-allowed-origins=null"]);
    expect(await upgradeStatus(listed.port, { Origin: "null" })).toBe(101);
    expect(await upgradeStatus(listed.port, { Origin: SITE })).toBe(403);
  });
});
