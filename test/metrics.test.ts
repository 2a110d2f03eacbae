import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, test, vi } from "vitest";
import { Child } from "./support/child.ts";
import { TestClient } from "./support/client.ts";
import { findProgram } from "./support/programs.ts";
import { ServerProcess } from "./support/server-process.ts";

vi.setConfig({ testTimeout: 30_000, hookTimeout: 30_000 });

const KEY = "metrics-key";

/** Every series with its value. */
async function scrape(server: ServerProcess, headers: Record<string, string> = {}): Promise<Map<string, number>> {
  const answer = await server.fetch("/metrics", { headers });
  expect(answer.status).toBe(200);
  const lines = (await answer.text()).split("\n").filter((line) => line !== "" && !line.startsWith("#"));
  return new Map(lines.map((line) => [line.slice(0, line.lastIndexOf(" ")), Number(line.split(" ").at(-1))]));
}

describe.skipIf(findProgram("promtool") === undefined)("the metrics", () => {
  test("are well formed, as promtool sees it", async () => {
    await using server = await ServerProcess.start(['-metrics-topics=orders,a"b\\c']);
    await server.post("/topics", { name: 'a"b\\c' });
    const answer = await server.fetch("/metrics");
    expect(answer.headers.get("content-type")).toBe("text/plain; version=0.0.4; charset=utf-8");
    await using check = new Child(["promtool", "check", "metrics"], { hasInput: true });
    check.stdin.end(await answer.text());
    expect(await check.ended()).toEqual({ code: 0, stdout: "", stderr: "" });
  });
});

describe("/metrics", () => {
  test("counts what has happened, and shows what is", async () => {
    await using server = await ServerProcess.start([`-api-key=${KEY}`]);
    const admin = { "X-API-Key": KEY };
    using client = await TestClient.connect(server.port, { headers: admin });
    await client.subscribe("t");
    using publisher = await TestClient.connect(server.port, { headers: admin });
    await publisher.published("t", "m", "é");
    await server.fetch("/topics", { headers: { "X-API-Key": "wrong" } });
    await server.fetch("/nowhere", { headers: admin });
    publisher.send({ type: "unsubscribe", topic: "none", client_id: "c" });
    await publisher.expect("error");
    const before = await scrape(server, admin);
    expect(Object.fromEntries(before)).toMatchObject({
      'ringcast_connections{transport="websocket"}': 2,
      'ringcast_connections{transport="sse"}': 0,
      'ringcast_connections_opened_total{transport="websocket"}': 2,
      ringcast_topics: 1,
      ringcast_active_topics: 1,
      ringcast_subscriptions: 1,
      ringcast_messages_published_total: 1,
      ringcast_messages_delivered_total: 1,
      ringcast_messages_dropped_total: 0,
      ringcast_auth_failures_total: 1,
      ringcast_rate_limit_refusals_total: 0,
      'ringcast_errors_total{code="UNAUTHORIZED"}': 1,
      'ringcast_errors_total{code="NOT_FOUND"}': 1,
      'ringcast_errors_total{code="BAD_REQUEST"}': 1,
    });
    expect(before.get("ringcast_sent_bytes_total")).toBeGreaterThan(100);
    expect(before.get("ringcast_received_bytes_total")).toBeGreaterThan(100);
    expect(before.get("ringcast_publish_to_write_seconds_count")).toBeGreaterThan(0);
    // What is sampled comes by itself.
    for (const name of ["ringcast_event_loop_delay_seconds_count", "ringcast_queue_depth_messages_count"]) {
      while ((await scrape(server, admin)).get(name) === 0) await sleep(20);
    }
    for (const name of ["cpu_seconds_total", "resident_memory_bytes", "open_fds", "max_fds", "start_time_seconds"]) {
      expect({ name, value: before.get(`process_${name}`) }).toEqual({ name, value: expect.any(Number) });
      expect(before.get(`process_${name}`)).toBeGreaterThan(0);
    }
  });

  test("has no series that anybody's names add", async () => {
    await using server = await ServerProcess.start();
    using client = await TestClient.connect(server.port);
    const before = [...(await scrape(server)).keys()];
    await client.subscribe("my-topic");
    await server.fetch("/my-path");
    await client.published("my-other-topic", "my-id", 1);
    expect([...(await scrape(server)).keys()]).toEqual(before);
  });

  test("counts refusals of the rate limit", async () => {
    await using server = await ServerProcess.start([
      "-rate-limit-per-min=1",
      "-rate-limit-burst=1",
      "-metrics-auth=false",
    ]);
    for (const status of [200, 429, 429]) expect((await server.fetch("/stats")).status).toBe(status);
    const series = await scrape(server);
    expect(series.get("ringcast_rate_limit_refusals_total")).toBe(2);
    expect(series.get('ringcast_errors_total{code="RATE_LIMITED"}')).toBe(2);
  });
});

describe("-metrics-auth", () => {
  test("turned off opens /metrics to everybody, at any rate, also while the server shuts down", async () => {
    const flags = [`-api-key=${KEY}`, "-metrics-auth=false", "-rate-limit-per-min=1", "-rate-limit-burst=1"];
    await using server = await ServerProcess.start([...flags, "-max-queue-bytes=100000000", "-shutdown-timeout=60s"]);
    for (let i = 0; i < 3; i++) await scrape(server);
    using stalled = await TestClient.connect(server.port, { headers: { "X-API-Key": KEY } });
    await stalled.subscribe("t");
    stalled.pause();
    for (let i = 0; i < 80; i++) {
      stalled.send({ type: "publish", topic: "t", message: { id: "m", payload: "x".repeat(100_000) } });
    }
    while ((await scrape(server)).get("ringcast_messages_published_total") !== 80) await sleep(10);
    const begun = server.nextLog("shutting down");
    process.kill(server.pid, "SIGTERM");
    await begun;
    await scrape(server);
    expect((await server.fetch("/health/live")).status).toBe(200);
    const ready = await server.fetch("/health/ready");
    expect([ready.status, await ready.json()]).toEqual([503, { status: "draining" }]);
  });
});

describe("-metrics-topics", () => {
  test("gives the chosen topics series of their own, whatever characters their names have, and no others", async () => {
    const odd = 'a"b\\c é';
    await using server = await ServerProcess.start([`-metrics-topics=orders,${odd}`]);
    using client = await TestClient.connect(server.port);
    using publisher = await TestClient.connect(server.port);
    for (const topic of ["orders", odd, "other"]) await client.subscribe(topic);
    for (const topic of ["orders", odd, "other"]) await publisher.published(topic, "m", 1);
    await publisher.published(odd, "m", 2);
    const series = await scrape(server);
    const ofTopics = Object.fromEntries([...series].filter(([name]) => name.includes("topic=")));
    expect(ofTopics).toEqual({
      'ringcast_topic_messages_published_total{topic="orders"}': 1,
      'ringcast_topic_messages_published_total{topic="a\\"b\\\\c é"}': 2,
      'ringcast_topic_messages_delivered_total{topic="orders"}': 1,
      'ringcast_topic_messages_delivered_total{topic="a\\"b\\\\c é"}': 2,
      'ringcast_topic_subscribers{topic="orders"}': 1,
      'ringcast_topic_subscribers{topic="a\\"b\\\\c é"}': 1,
    });
  });
});

describe("/health/ready", () => {
  test("tells that no connection is taken, when there are as many as there may be", async () => {
    await using server = await ServerProcess.start(["-max-connections=1"]);
    const ready = async () => {
      const answer = await server.fetch("/health/ready");
      return [answer.status, await answer.json()];
    };
    expect(await ready()).toEqual([200, { status: "ready" }]);
    using client = await TestClient.connect(server.port);
    expect(await ready()).toEqual([503, { status: "full" }]);
    expect((await server.fetch("/health/live")).status).toBe(200);
    const gone = server.nextLog("client disconnected");
    await client.close();
    await gone;
    expect(await ready()).toEqual([200, { status: "ready" }]);
  });
});
