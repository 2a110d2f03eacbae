import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { z } from "zod";
import { HAS_BROWSER, launchBrowser } from "./support/browser.ts";
import { TestClient } from "./support/client.ts";
import { ServerProcess } from "./support/server-process.ts";

vi.setConfig({ testTimeout: 30_000, hookTimeout: 30_000 });

const KEY = "the-admin-key";
const WITH_KEY = { "X-API-Key": KEY };
const tokenSchema = z.strictObject({ token: z.string(), expires_at: z.iso.datetime() });

let server: ServerProcess;

beforeAll(async () => {
  server = await ServerProcess.start([`-api-key=${KEY}`, "-log-level=debug"]);
});

afterAll(() => server[Symbol.asyncDispose]());

async function makeToken(grant: object = {}, from = server): Promise<z.infer<typeof tokenSchema>> {
  const answer = await from.post(
    "/tokens",
    { client_id: "web1", subscribe: ["a*"], publish: ["a1"], ...grant },
    WITH_KEY,
  );
  expect(answer.status).toBe(200);
  return tokenSchema.parse(await answer.json());
}

function connect(token: string, protocols = `ringcast.v1, token.${token}`): Promise<TestClient> {
  return TestClient.connect(server.port, { headers: { "Sec-WebSocket-Protocol": protocols } });
}

describe("a token", () => {
  test("comes with the time at which it ends", async () => {
    const before = Date.now();
    const { expires_at } = await makeToken({ ttl: "90s" });
    const lifetimeMs = Date.parse(expires_at) - before;
    expect(lifetimeMs).toBeGreaterThanOrEqual(90_000);
    expect(lifetimeMs).toBeLessThan(100_000);
  });

  test("lives an hour where nothing else is asked for", async () => {
    const lifetimeMs = Date.parse((await makeToken()).expires_at) - Date.now();
    expect(lifetimeMs).toBeGreaterThan(3_590_000);
    expect(lifetimeMs).toBeLessThan(3_610_000);
  });

  test.each([
    { ttl: "0s" },
    { ttl: "25h" },
    { ttl: "soon" },
    { ttl: "1".repeat(1_000_000) },
    { ttl: `${"0s".repeat(32)}1s` },
    { ttl: 60 },
    { client_id: "" },
    { client_id: undefined },
    { subscribe: "a*" },
    { subscribe: [5] },
    { subscribe: ["."] },
    { publish: ["orders", ".."] },
    { publish: Array(101).fill("a") },
  ])("is not made of %j", async (wrong) => {
    const answer = await server.post("/tokens", { client_id: "web1", ...wrong }, WITH_KEY);
    expect(answer.status).toBe(400);
    expect(await answer.json()).toMatchObject({ error: { code: "BAD_REQUEST" } });
  });

  test("is not made where it would be too long for a request's header, and opens a WebSocket where it just is not", async () => {
    // Names of 50 characters, as many as fit.
    const topics = (count: number) => Array.from({ length: count }, (_, n) => `a${n}-`.padEnd(50, "x"));
    const publish = topics(50);
    const ask = (count: number) =>
      server.post("/tokens", { client_id: "w", subscribe: topics(count), publish }, WITH_KEY);
    const refused = await ask(100);
    expect(refused.status).toBe(400);
    expect(await refused.json()).toMatchObject({
      error: { code: "BAD_REQUEST", message: expect.stringContaining("longer than 8000 characters") },
    });
    let token = "";
    for (let count = 50; count <= 100; count++) {
      const answer = await ask(count);
      if (answer.status !== 200) break;
      token = tokenSchema.parse(await answer.json()).token;
    }
    expect(token.length).toBeGreaterThan(7900);
    expect(token.length).toBeLessThanOrEqual(8000);
    using client = await connect(token);
    await client.subscribe(topics(1)[0] ?? "", { client_id: "w" });
    if (!HAS_BROWSER) return;
    await using browser = await launchBrowser();
    const page = await browser.newPage();
    await page.goto(`${server.url}/health`);
    const outcome = await page.evaluate(
      ([url, protocol]) =>
        new Promise((resolve) => {
          const webSocket = new WebSocket(url ?? "", ["ringcast.v1", protocol ?? ""]);
          webSocket.onopen = () => resolve("open");
          webSocket.onclose = ({ code }) => resolve(code);
        }),
      [`${server.url.replace("http", "ws")}/ws`, `token.${token}`],
    );
    expect(outcome).toBe("open");
  });

  test("makes no tokens: a request with a token is refused before its body is checked", async () => {
    const { token } = await makeToken();
    const headers = { Authorization: `Bearer ${token}` };
    for (const [method, path, body] of [
      ["POST", "/tokens", "{"],
      ["POST", "/tokens", "{}"],
      ["POST", "/topics", "nonsense"],
      ["DELETE", `/topics/${"x".repeat(256)}`, undefined],
      ["GET", "/clients?limit=x", undefined],
      ["GET", "/clients/x", undefined],
      ["DELETE", "/clients/x", undefined],
      ["GET", "/topics/other/messages?last_n=x", undefined],
      ["GET", "/topics/other/messages/x/trace", undefined],
      ["GET", "/topics/other/events?last_n=x", undefined],
      ["POST", "/topics/other/messages?dedupe=x", "{"],
    ] as const) {
      const json = { "Content-Type": "application/json" };
      const init = body === undefined ? { method, headers } : { method, headers: { ...headers, ...json }, body };
      expect({ method, path, status: (await server.fetch(path, init)).status }).toEqual({ method, path, status: 403 });
    }
  });

  test("opens a WebSocket as a subprotocol, and is not echoed", async () => {
    const { token } = await makeToken();
    using client = await connect(token);
    expect(client.responseHead).toMatch(/^sec-websocket-protocol: ringcast\.v1\r$/im);
    expect(client.responseHead).not.toContain(token);
    await client.subscribe("a2", { client_id: "web1" });
    client.publish("a2", "m", 1);
    expect(await client.expect("error")).toMatchObject({ error: { code: "FORBIDDEN" } });
  });

  test("that is wrong opens none", async () => {
    const token = `${(await makeToken()).token}x`;
    // A client that offers ringcast.v1 gets a close code, because browsers show no status; others get the status.
    using closed = await connect(token);
    expect(await closed.closed).toEqual({ code: 4401, reason: "the token is not valid" });
    await expect(connect(token, `token.${token}`)).rejects.toMatchObject({ status: 401 });
  });

  test("binds its holder to its client id", async () => {
    using client = await connect((await makeToken()).token);
    client.send({ type: "subscribe", topic: "a1", client_id: "web2" });
    expect(await client.expect("error")).toMatchObject({ error: { code: "FORBIDDEN" } });
  });

  test("is known in the log by its client id, and never stands there itself", async () => {
    const { token } = await makeToken({ client_id: "logged" });
    const connected = server.nextLog("client connected");
    using client = await connect(token);
    await client.settled();
    expect(await connected).toMatchObject({ as: "logged" });
    expect(JSON.stringify(server.log)).not.toContain(token);
    expect(JSON.stringify(server.log)).not.toContain(KEY);
  });

  test("of another server with the same key is taken, of one with another key is not", async () => {
    await using same = await ServerProcess.start([`-api-key=${KEY}`]);
    await using other = await ServerProcess.start(["-api-key=another"]);
    const { token } = await makeToken({}, same);
    using client = await connect(token);
    await client.settled();
    const refused = TestClient.connect(other.port, { headers: { Authorization: `Bearer ${token}` } });
    await expect(refused).rejects.toMatchObject({ status: 401 });
  });

  test("holds where no key is needed: it restricts who presents it", async () => {
    await using open = await ServerProcess.start();
    const answer = await open.post("/tokens", { client_id: "web1" });
    const { token } = tokenSchema.parse(await answer.json());
    const stats = await open.fetch("/stats", { headers: { Authorization: `Bearer ${token}` } });
    expect(stats.status).toBe(403);
  });
});

describe("the end of a token", () => {
  test("is told before, and then closes the connection with 4401", async () => {
    using client = await connect((await makeToken({ ttl: "1s" })).token);
    const { info } = await client.expect("info");
    expect(info).toMatchObject({ code: "TOKEN_EXPIRING", expires_at: expect.any(String) });
    expect(await client.closed).toEqual({ code: 4401, reason: "the token has expired" });
  });

  test("is put off by a refresh, and nothing is missed", async () => {
    using publisher = await TestClient.connect(server.port, { headers: WITH_KEY });
    const first = await makeToken({ ttl: "2s" });
    using client = await connect(first.token);
    using notRenewed = await connect(first.token);
    await client.subscribe("a-kept", { client_id: "web1" });
    await client.expect("info");
    const { expires_at, token } = await makeToken({ ttl: "60s" });
    client.send({ type: "refresh", token, request_id: "r1" });
    expect(await client.expect("ack")).toMatchObject({ request_id: "r1", status: "ok", expires_at });
    expect(await notRenewed.closed).toMatchObject({ code: 4401 });
    await publisher.published("a-kept", "m1", 1);
    expect(await client.expect("event")).toMatchObject({ topic: "a-kept", offset: 1 });
  });
});

describe("a refresh", () => {
  async function refusedRefresh(client: TestClient, token: string) {
    client.send({ type: "refresh", token, request_id: "r" });
    const { error, request_id } = await client.expect("error");
    expect(request_id).toBe("r");
    return error.code;
  }

  test("brings the new token's permissions", async () => {
    using client = await connect((await makeToken({ publish: [] })).token);
    client.send({ type: "refresh", token: (await makeToken({ publish: ["a1"] })).token });
    await client.expect("ack");
    expect(await client.published("a1", "m", 1)).toMatchObject({ status: "ok" });
  });

  test("needs a good token of the same client that allows what is subscribed, and harms nothing otherwise", async () => {
    using client = await connect((await makeToken()).token);
    await client.subscribe("a1", { client_id: "web1" });
    expect(await refusedRefresh(client, "nonsense")).toBe("UNAUTHORIZED");
    expect(await refusedRefresh(client, (await makeToken({ client_id: "web2" })).token)).toBe("FORBIDDEN");
    expect(await refusedRefresh(client, (await makeToken({ subscribe: ["b"] })).token)).toBe("FORBIDDEN");
    expect(await refusedRefresh(client, KEY)).toBe("UNAUTHORIZED");
    client.publish("a1", "m", 1);
    // The event's place beside the ack is the hub's affair.
    const types = [(await client.next()).type, (await client.next()).type];
    expect(types.sort()).toEqual(["ack", "event"]);
  });

  test("is for connections that came with a token", async () => {
    using client = await TestClient.connect(server.port, { headers: WITH_KEY });
    expect(await refusedRefresh(client, (await makeToken()).token)).toBe("BAD_REQUEST");
  });
});
