import { describe, expect, test } from "vitest";
import { TestClient } from "./support/client.ts";
import { RawConnection } from "./support/raw-connection.ts";
import { ServerProcess } from "./support/server-process.ts";
import { StreamClient } from "./support/stream-client.ts";

// An EventSource tries again after a stream that ends, and never after another status than 200.

const RETRY_ALONE = /^retry: \d+\n$/;
const PATH = "/topics/t/events";

/** Asks for a stream as an EventSource does; resolves with the whole answer, which must have an end. */
async function asEventSource(server: ServerProcess, path = PATH, headers: Record<string, string> = {}) {
  const answer = await server.fetch(path, { headers: { Accept: "text/event-stream", ...headers } });
  return { status: answer.status, type: answer.headers.get("content-type"), body: await answer.text() };
}

const COME_BACK = { status: 200, type: "text/event-stream", body: expect.stringMatching(RETRY_ALONE) };

describe("an EventSource that is refused", () => {
  test("because the connection limit is reached gets a time to retry", async () => {
    await using server = await ServerProcess.start(["-max-connections=1"]);
    using first = await StreamClient.connect(server.port, PATH);
    await first.nextText();
    expect(await asEventSource(server)).toEqual(COME_BACK);
    expect(await asEventSource(server, "/events?topic=a&topic=b")).toEqual(COME_BACK);
    // A client that is no EventSource gets the status.
    const answer = await server.fetch(PATH);
    expect(answer.status).toBe(503);
    expect(answer.headers.get("retry-after")).toMatch(/^\d+$/);
    expect(await server.stats()).toMatchObject({ total_clients: 1 });
  });

  test("because the server shuts down gets a time to retry, too", async () => {
    await using server = await ServerProcess.start(["-max-queue-bytes=100000000", "-shutdown-timeout=8s"]);
    using stalled = await TestClient.connect(server.port);
    await stalled.subscribe("t");
    stalled.pause();
    using publisher = await TestClient.connect(server.port);
    for (let i = 0; i < 80; i++) await publisher.published("t", "m", "x".repeat(100_000));
    const draining = server.nextLog("shutting down");
    const code = server.stop("SIGTERM");
    await draining;
    expect(await asEventSource(server)).toEqual(COME_BACK);
    expect((await server.fetch(PATH)).status).toBe(503);
    stalled.resume();
    expect(await code).toBe(0);
  }, 30_000);

  test("by the rate limit gets a time to retry that is not before the next token", async () => {
    await using server = await ServerProcess.start(["-rate-limit-per-min=1", "-allowed-origins=https://a.example"]);
    // Refused for their origin, they leave no stream behind, and count all the same.
    const Origin = "https://b.example";
    using connection = await RawConnection.open(server.port);
    connection.send(`GET ${PATH} HTTP/1.1\r\nHost: x\r\nOrigin: ${Origin}\r\n\r\n`.repeat(5000));
    await connection.until("RATE_LIMITED");
    let answer = await asEventSource(server, PATH, { Origin });
    // Two hundred come back a second, and one of them may be ours.
    while (answer.status === 403) answer = await asEventSource(server, PATH, { Origin });
    expect(answer).toEqual(COME_BACK);
    const ms = Number(/\d+/.exec(answer.body)?.[0]);
    expect(ms).toBeGreaterThanOrEqual(1000);
    expect(ms).toBeLessThan(60_000);
  }, 60_000);

  test("comes back at different times", async () => {
    await using server = await ServerProcess.start(["-max-connections=1"]);
    using _first = await TestClient.connect(server.port);
    const bodies = await Promise.all(Array.from({ length: 20 }, async () => (await asEventSource(server)).body));
    expect(new Set(bodies).size).toBeGreaterThan(5);
  });

  test("for any other reason sees the status: it would not help to come back", async () => {
    await using server = await ServerProcess.start(["-api-key=k", "-allowed-origins=https://a.example"]);
    expect(await asEventSource(server)).toMatchObject({ status: 401 });
    const foreign = { "X-API-Key": "k", Origin: "https://b.example" };
    expect(await asEventSource(server, PATH, foreign)).toMatchObject({ status: 403 });
    expect(await asEventSource(server, "/events", { "X-API-Key": "k" })).toMatchObject({ status: 400 });
  });

  test("elsewhere than on the paths of event streams sees the status", async () => {
    await using server = await ServerProcess.start(["-rate-limit-per-min=1", "-rate-limit-burst=1"]);
    expect((await server.fetch("/topics")).status).toBe(200);
    expect(await asEventSource(server, "/topics")).toMatchObject({ status: 429 });
  });
});
