import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, test, vi } from "vitest";
import { z } from "zod";
import { TestClient } from "./support/client.ts";
import { RawConnection } from "./support/raw-connection.ts";
import { ServerProcess } from "./support/server-process.ts";
import { StreamClient } from "./support/stream-client.ts";

vi.setConfig({ testTimeout: 30_000, hookTimeout: 30_000 });

// So slow a refill that no token comes back during a test.
const NO_REFILL = "-rate-limit-per-min=1";

async function statuses(server: ServerProcess, count: number, headers: Record<string, string> = {}): Promise<number[]> {
  const all: number[] = [];
  for (let i = 0; i < count; i++) all.push((await server.fetch("/topics", { headers })).status);
  return all;
}

describe("-rate-limit-burst", () => {
  test("is how many requests an address may make at once; then 429 RATE_LIMITED says when to come back", async () => {
    for (const burst of [1, 5]) {
      await using server = await ServerProcess.start([NO_REFILL, `-rate-limit-burst=${burst}`]);
      expect(await statuses(server, burst + 2)).toEqual([...new Array<number>(burst).fill(200), 429, 429]);
      const refused = await server.fetch("/stats");
      expect(refused.status).toBe(429);
      const seconds = Number(refused.headers.get("retry-after"));
      expect(seconds).toBeGreaterThan(0);
      expect(seconds).toBeLessThanOrEqual(60);
      expect(await refused.json()).toMatchObject({ error: { code: "RATE_LIMITED" } });
    }
  });

  test("counts every path but the health check and the documentation, known or not", async () => {
    await using server = await ServerProcess.start([NO_REFILL, "-rate-limit-burst=4"]);
    const open = ["/health", "/health/live", "/health/ready", "/swagger/", "/swagger/doc.json", "/asyncapi.json"];
    for (let i = 0; i < 3; i++) {
      for (const path of open) expect((await server.fetch(path)).status).toBe(200);
    }
    expect((await server.fetch("/nowhere")).status).toBe(404);
    expect((await server.post("/topics", "{")).status).toBe(400);
    expect((await server.fetch("/topics/none", { method: "DELETE" })).status).toBe(404);
    expect((await server.fetch("/stats")).status).toBe(200);
    for (const path of ["/nowhere", "/topics", "/stats"]) expect((await server.fetch(path)).status).toBe(429);
    for (const path of open) expect((await server.fetch(path)).status).toBe(200);
  });

  test("counts requests with a wrong key, so that keys can't be tried at any speed", async () => {
    await using server = await ServerProcess.start([NO_REFILL, "-rate-limit-burst=2", "-api-key=k"]);
    expect(await statuses(server, 3, { "X-API-Key": "x" })).toEqual([401, 401, 429]);
  });

  test("does not count requests with a valid key, even from an address that has used up its burst", async () => {
    await using server = await ServerProcess.start([NO_REFILL, "-rate-limit-burst=2", "-api-key=k"]);
    expect(await statuses(server, 5, { "X-API-Key": "k" })).toEqual([200, 200, 200, 200, 200]);
    expect(await statuses(server, 3)).toEqual([401, 401, 429]);
    for (const headers of [{ "X-API-Key": "k" }, { Authorization: "Bearer k" }]) {
      expect(await statuses(server, 2, headers)).toEqual([200, 200]);
    }
  });

  test("does not count handshakes and event streams with a valid key, even from such an address", async () => {
    await using server = await ServerProcess.start([NO_REFILL, "-api-key=k"]);
    using stranger = await RawConnection.open(server.port);
    stranger.send("GET /topics/t/events HTTP/1.1\r\nHost: x\r\n\r\n".repeat(5000));
    await stranger.until("RATE_LIMITED");
    for (let i = 0; i < 25; i++) {
      const headers = { "X-API-Key": "k" };
      using _client = await TestClient.connect(server.port, { headers });
      using _stream = await StreamClient.connect(server.port, "/topics/t/events", { headers });
    }
  });

  test("counts tokens like strangers", async () => {
    await using server = await ServerProcess.start([NO_REFILL, "-rate-limit-burst=2", "-api-key=k"]);
    const made = await server.post("/tokens", { client_id: "c" }, { "X-API-Key": "k" });
    const { token } = z.object({ token: z.string() }).parse(await made.json());
    expect(await statuses(server, 3, { Authorization: `Bearer ${token}` })).toEqual([403, 403, 429]);
  });

  test("is not for upgrades and event streams, which have a burst of 500 of their own, nor for what they carry", async () => {
    await using server = await ServerProcess.start([NO_REFILL, "-rate-limit-burst=1", "-max-connections=1000"]);
    const all = await Promise.all(
      Array.from({ length: 300 }, async (_, i) =>
        i % 2 === 0 ? TestClient.connect(server.port) : StreamClient.connect(server.port, "/topics/t/events"),
      ),
    );
    const [first] = all;
    if (!(first instanceof TestClient)) throw new Error("no WebSocket");
    for (let i = 0; i < 50; i++) await first.published("t", `m${i}`, i);
    expect(await statuses(server, 2)).toEqual([200, 429]);
    // Some come back while they are used up.
    let refused: unknown;
    for (let i = 0; i < 2000 && refused === undefined; i++) {
      await TestClient.connect(server.port).then(
        (client) => client[Symbol.dispose](),
        (error: unknown) => {
          refused = error;
        },
      );
    }
    expect(refused).toMatchObject({ status: 429 });
    // Who is connected stays so.
    await first.published("t", "last", 0);
    for (const client of all) client[Symbol.dispose]();
  }, 60_000);
});

describe("-rate-limit-per-min", () => {
  test("of 0 turns the limit off, whatever the burst", async () => {
    await using server = await ServerProcess.start(["-rate-limit-per-min=0", "-rate-limit-burst=1"]);
    expect(new Set(await statuses(server, 50))).toEqual(new Set([200]));
  });

  test("is how fast requests are allowed again", async () => {
    // One every half second.
    await using server = await ServerProcess.start(["-rate-limit-per-min=120", "-rate-limit-burst=1"]);
    const start = performance.now();
    let served = 0;
    while (served < 4) {
      const { status } = await server.fetch("/topics");
      if (status === 200) served++;
      else expect(status).toBe(429);
    }
    // The first comes from the burst, three had to be waited for.
    expect(performance.now() - start).toBeGreaterThan(1400);
  });

  test("tells a client that waits as long as Retry-After says the truth", async () => {
    await using server = await ServerProcess.start(["-rate-limit-per-min=30", "-rate-limit-burst=1"]);
    expect(await statuses(server, 1)).toEqual([200]);
    const refused = await server.fetch("/topics");
    expect(refused.status).toBe(429);
    expect(refused.headers.get("retry-after")).toBe("2");
    await sleep(2000);
    expect(await statuses(server, 1)).toEqual([200]);
  });
});

describe("-trust-proxy", () => {
  const from = (address: string) => ({ "X-Forwarded-For": address });

  test("left out, X-Forwarded-For buys nobody another burst", async () => {
    await using server = await ServerProcess.start([NO_REFILL, "-rate-limit-burst=2"]);
    expect(await statuses(server, 1, from("192.0.2.1"))).toEqual([200]);
    expect(await statuses(server, 1, from("192.0.2.2"))).toEqual([200]);
    expect(await statuses(server, 1, from("192.0.2.3"))).toEqual([429]);
  });

  test("takes the last entry of X-Forwarded-For, which the proxy wrote, for the client's address", async () => {
    await using server = await ServerProcess.start(["-trust-proxy", NO_REFILL, "-rate-limit-burst=2"]);
    expect(await statuses(server, 3, from("192.0.2.1"))).toEqual([200, 200, 429]);
    // What stands before the last entry is the client's own word.
    expect(await statuses(server, 1, from("192.0.2.99, 192.0.2.1"))).toEqual([429]);
    expect(await statuses(server, 3, from("192.0.2.1, 192.0.2.2"))).toEqual([200, 200, 429]);
    // Without the header it is the peer's own address.
    expect(await statuses(server, 3)).toEqual([200, 200, 429]);
  });

  test("counts an address as one, whatever port a proxy writes behind it, and IPv6 addresses by /64", async () => {
    await using server = await ServerProcess.start(["-trust-proxy", NO_REFILL, "-rate-limit-burst=2"]);
    for (const [first, second, third] of [
      ["203.0.113.7:5000", "203.0.113.7:5001", "203.0.113.7"],
      ["[2001:db8::1]:443", "2001:db8::ffff:2", "[2001:db8:0:0:1::3]"],
    ] as const) {
      const seen = [first, second, third].map(async (address) => (await statuses(server, 1, from(address)))[0]);
      expect((await Promise.all(seen)).toSorted()).toEqual([200, 200, 429]);
    }
    expect(await statuses(server, 1, from("2001:db8:0:1::1"))).toEqual([200]);
    // What is no address is nobody's: it counts for the proxy itself.
    expect(await statuses(server, 3, from("unknown"))).toEqual([200, 200, 429]);
    expect(await statuses(server, 1, from("something-else"))).toEqual([429]);
  });

  test("decides whose address the log shows", async () => {
    for (const [flag, address] of [
      ["-trust-proxy", "192.0.2.7"],
      ["-trust-proxy=false", "127.0.0.1"],
    ] as const) {
      await using server = await ServerProcess.start([flag]);
      const connected = server.nextLog("client connected");
      using _client = await TestClient.connect(server.port, { headers: from("203.0.113.5, 192.0.2.7") });
      expect(await connected).toMatchObject({ address });
    }
  });
});
