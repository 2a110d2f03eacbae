import { describe, expect, test, vi } from "vitest";
import { z } from "zod";
import { TestClient } from "./support/client.ts";
import { RawConnection } from "./support/raw-connection.ts";
import { ServerProcess } from "./support/server-process.ts";
import { StreamClient } from "./support/stream-client.ts";

vi.setConfig({ testTimeout: 30_000, hookTimeout: 30_000 });

const FLAGS = ["-api-key=k", "-api-key=feed:publish:f", "-allowed-origins=https://a.example", "-trust-proxy"];
const STREAM = "/topics/t/events";

/** The log line of what an action has refused. Each action has an address of its own, so that each has a line. */
async function refusedBy(server: ServerProcess, action: () => Promise<unknown>) {
  const line = server.nextLog("request refused");
  await action().catch(() => {});
  return line;
}

describe("the log", () => {
  test("says who was refused and why: requests, handshakes and event streams", async () => {
    await using server = await ServerProcess.start(FLAGS);
    const from = (address: string, headers: Record<string, string> = {}) => ({
      headers: { "X-Forwarded-For": address, ...headers },
    });
    const noKey = { level: "warn", status: 401, code: "UNAUTHORIZED", method: "GET", requests: 1 };
    const why = "a valid API key or token is needed";
    const get = (path: string, init: RequestInit) => server.fetch(path, init);
    const request = () => get("/topics?x=1", from("192.0.2.1", { "X-API-Key": "wr0ng" }));
    expect(await refusedBy(server, request)).toMatchObject({ ...noKey, address: "192.0.2.1", path: "/topics", why });
    const handshake = () => TestClient.connect(server.port, from("192.0.2.2", { "X-API-Key": "wr0ng" }));
    expect(await refusedBy(server, handshake)).toMatchObject({ ...noKey, address: "192.0.2.2", path: "/ws", why });
    const browser = () =>
      TestClient.connect(server.port, from("192.0.2.3", { "Sec-WebSocket-Protocol": "ringcast.v1, token.wr0ng.a.b" }));
    expect(await refusedBy(server, browser)).toMatchObject({ ...noKey, address: "192.0.2.3", path: "/ws" });
    const stream = () => StreamClient.connect(server.port, `${STREAM}?token=wr0ng.a.b`, from("192.0.2.4"));
    expect(await refusedBy(server, stream)).toMatchObject({ ...noKey, address: "192.0.2.4", path: STREAM });
    const foreign = { "X-API-Key": "k", Origin: "https://b.example" };
    const forbidden = { level: "warn", status: 403, code: "FORBIDDEN", as: "api-key", origin: "https://b.example" };
    for (const [i, action] of [
      () => TestClient.connect(server.port, from("192.0.2.5", foreign)),
      () => StreamClient.connect(server.port, STREAM, from("192.0.2.6", foreign)),
    ].entries()) {
      const line = await refusedBy(server, action);
      expect(line).toMatchObject({ ...forbidden, address: `192.0.2.${5 + i}` });
      expect(line["why"]).toContain("-allowed-origins");
    }
    const feed = from("192.0.2.7", { "X-API-Key": "f", Origin: "https://b.example" });
    const stats = await refusedBy(server, () => get("/stats", feed));
    expect(stats).toMatchObject({ code: "FORBIDDEN", as: "feed", path: "/stats" });
    // The origin was not why.
    expect(stats).not.toHaveProperty("origin");
    const made = await server.post("/tokens", { client_id: "ann" }, { "X-API-Key": "k" });
    const { token } = z.object({ token: z.string() }).parse(await made.json());
    const publish = () =>
      server.post("/topics/t/messages", { id: "m", payload: 0 }, { Authorization: `Bearer ${token}` });
    expect(await refusedBy(server, publish)).toMatchObject({ code: "FORBIDDEN", as: "ann", method: "POST" });
    await server.stop();
    expect(JSON.stringify(server.log)).not.toMatch(/wr0ng|token\.|"[fk]"/);
    expect(JSON.stringify(server.log)).not.toContain(token);
  });

  test("names the flag or the numbers of the limit, as the body of the answer does", async () => {
    await using server = await ServerProcess.start([
      "-rate-limit-per-min=1",
      "-rate-limit-burst=1",
      "-max-connections=1",
      "-trust-proxy",
    ]);
    expect((await server.fetch("/topics")).status).toBe(200);
    const refused = server.nextLog("request refused");
    const { error } = z
      .object({ error: z.object({ message: z.string() }) })
      .parse(await (await server.fetch("/topics")).json());
    expect(error.message).toContain("1 at once (-rate-limit-burst), then 1 a minute (-rate-limit-per-min)");
    expect(await refused).toMatchObject({ status: 429, code: "RATE_LIMITED", why: error.message });
    using _client = await TestClient.connect(server.port);
    const full = await refusedBy(server, () => TestClient.connect(server.port));
    expect(full).toMatchObject({ status: 503, why: "the limit of 1 connections is reached (-max-connections)" });
    // Each is refused for the connection limit, until the address has used up its burst.
    using connection = await RawConnection.open(server.port);
    connection.send(`GET ${STREAM} HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: 192.0.2.9\r\n\r\n`.repeat(5000));
    const lines = () =>
      server.log.filter(({ msg, ...line }) => msg === "request refused" && line["address"] === "192.0.2.9");
    while (lines().length < 2) await server.nextLog("request refused");
    const why = "too many new connections from this address: 500 at once, then 200 a second";
    expect(lines()).toMatchObject([{ status: 503 }, { status: 429, why }]);
  });

  test("has two lines for a thousand refusals in a row, and their number", async () => {
    await using server = await ServerProcess.start(["-api-key=k"]);
    using connection = await RawConnection.open(server.port);
    connection.send(`GET /stats HTTP/1.1\r\nHost: x\r\n\r\n`.repeat(999));
    connection.send(`GET /stats HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`);
    await connection.closed;
    await server.stop();
    const lines = server.log.filter(({ msg }) => msg === "request refused");
    expect(lines).toMatchObject([{ requests: 1 }, { requests: 999 }]);
  });

  test("has no line for requests that a shutdown refuses", async () => {
    await using server = await ServerProcess.start(["-max-queue-bytes=100000000", "-shutdown-timeout=8s"]);
    using stalled = await TestClient.connect(server.port);
    await stalled.subscribe("t");
    stalled.pause();
    using publisher = await TestClient.connect(server.port);
    for (let i = 0; i < 80; i++) await publisher.published("t", "m", "x".repeat(100_000));
    const draining = server.nextLog("shutting down");
    const code = server.stop("SIGTERM");
    await draining;
    expect((await server.fetch("/topics")).status).toBe(503);
    stalled.resume();
    expect(await code).toBe(0);
    expect(server.log.filter(({ msg }) => msg === "request refused")).toEqual([]);
  });
});
