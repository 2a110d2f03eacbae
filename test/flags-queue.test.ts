import { describe, expect, test, vi } from "vitest";
import { TestClient } from "./support/client.ts";
import { ServerProcess } from "./support/server-process.ts";

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

const KIB = 1024;

/** Publishes acked messages until a condition on the statistics holds; returns all statistics on the way. */
async function publishUntil(
  server: ServerProcess,
  publisher: TestClient,
  bytes: number,
  done: (stats: Awaited<ReturnType<ServerProcess["stats"]>>) => boolean,
): Promise<Awaited<ReturnType<ServerProcess["stats"]>>[]> {
  const payload = "x".repeat(bytes);
  const all: Awaited<ReturnType<ServerProcess["stats"]>>[] = [];
  for (let published = 0; published < 64 * KIB * KIB; published += bytes) {
    await publisher.published("t", "m", payload);
    const stats = await server.stats();
    all.push(stats);
    if (done(stats)) return all;
  }
  throw new Error("64 MiB were published in vain");
}

describe("-max-queue-size", () => {
  test("is the most messages that wait for a client that does not read", async () => {
    for (const bound of [3, 12]) {
      await using server = await ServerProcess.start([`-max-queue-size=${bound}`, "-write-wait=10m"]);
      using stalled = await TestClient.connect(server.port);
      using publisher = await TestClient.connect(server.port);
      await stalled.subscribe("t");
      stalled.pause();
      const seen = await publishUntil(server, publisher, 128 * KIB, ({ dropped_messages }) => dropped_messages >= 2);
      // It is reached, and never passed.
      expect(Math.max(...seen.map(({ longest_queue }) => longest_queue))).toBe(bound);
      expect(Math.max(...seen.map(({ queued_messages }) => queued_messages))).toBe(bound);
    }
  });

  test("is also the further messages whose loss makes a client a slow consumer", async () => {
    const BOUND = 5;
    await using server = await ServerProcess.start([`-max-queue-size=${BOUND}`, "-write-wait=10m"]);
    using stalled = await TestClient.connect(server.port);
    using publisher = await TestClient.connect(server.port);
    await stalled.subscribe("t");
    stalled.pause();
    const seen = await publishUntil(server, publisher, 128 * KIB, ({ slow_consumers }) => slow_consumers === 1);
    // Not sooner; later where the kernel took a little more in between, which starts the count anew. That it is not
    // one more without that is for the outbox's and the session's own tests.
    expect(seen.at(-2)?.slow_consumers).toBe(0);
    expect(seen.at(-2)?.dropped_messages).toBeGreaterThanOrEqual(BOUND - 1);
  });
});

describe("-max-queue-bytes", () => {
  test("is the most bytes that wait for a client that does not read, whatever the number of messages", async () => {
    const BOUND = 512 * KIB;
    await using server = await ServerProcess.start([`-max-queue-bytes=${BOUND}`, "-write-wait=10m"]);
    using stalled = await TestClient.connect(server.port);
    using publisher = await TestClient.connect(server.port);
    await stalled.subscribe("t");
    stalled.pause();
    const seen = await publishUntil(server, publisher, 100 * KIB, ({ dropped_messages }) => dropped_messages >= 3);
    const most = Math.max(...seen.map(({ queued_bytes }) => queued_bytes));
    expect(most).toBeLessThanOrEqual(BOUND);
    // As many as fit: five of a hundred KiB and a bit.
    expect(most).toBeGreaterThan(BOUND - 101 * KIB);
    expect(Math.max(...seen.map(({ longest_queue }) => longest_queue))).toBe(5);
  });
});

describe("-write-wait", () => {
  const SMALL_QUEUE = "-max-queue-size=5";

  /** Stalls a client until it has lost a message or, as asked, until messages are queued: only time can make it slow. */
  async function stall(server: ServerProcess, until: "dropped" | "queued" = "dropped"): Promise<TestClient> {
    const stalled = await TestClient.connect(server.port);
    using publisher = await TestClient.connect(server.port);
    await stalled.subscribe("t");
    stalled.pause();
    await publishUntil(server, publisher, 256 * KIB, ({ dropped_messages, queued_messages }) =>
      until === "dropped" ? dropped_messages >= 1 : queued_messages >= 2,
    );
    return stalled;
  }

  test("makes a slow consumer of a client that lost a message and then stops reading for so long", async () => {
    await using server = await ServerProcess.start(["-write-wait=5s", SMALL_QUEUE]);
    const slow = server.nextLog("slow consumer");
    using stalled = await stall(server);
    const start = performance.now();
    await slow;
    expect(performance.now() - start).toBeGreaterThan(2000);
    // It reads again in time for the last word, which comes after what its socket had taken before.
    stalled.resume();
    let last = await stalled.next();
    while (last.type === "event") last = await stalled.next();
    // The loss is cleared with the queue: the error says that everything from here on is lost.
    expect(last).toMatchObject({ type: "error", error: { code: "SLOW_CONSUMER" } });
    expect(await stalled.closed).toMatchObject({ code: 1008 });
    expect(await server.stats()).toMatchObject({ slow_consumers: 1, queued_bytes: 0 });
  });

  test("is also how long it then has: the connection is destroyed", async () => {
    await using server = await ServerProcess.start(["-write-wait=500ms", SMALL_QUEUE]);
    const gone = server.nextLog("slow consumer").then(() => server.nextLog("client disconnected"));
    using _stalled = await stall(server);
    expect(await gone).toMatchObject({ session: 1, code: 1006 });
    expect(await server.stats()).toMatchObject({ slow_consumers: 1, total_clients: 0 });
  });

  test("does not run for a client that reads again in between, nor for one for which nothing waits", async () => {
    await using impatient = await ServerProcess.start(["-write-wait=500ms", SMALL_QUEUE]);
    await using patient = await ServerProcess.start(["-write-wait=10m"]);
    using idle = await TestClient.connect(impatient.port);
    await idle.subscribe("quiet");
    idle.pause();
    using late = await stall(patient, "queued");
    const slow = impatient.nextLog("slow consumer");
    using _early = await stall(impatient);
    await slow;
    late.resume();
    expect((await late.settled()).every(({ type }) => type === "event")).toBe(true);
    expect(await patient.stats()).toMatchObject({ slow_consumers: 0, queued_messages: 0, dropped_messages: 0 });
    idle.resume();
    expect(await idle.settled()).toEqual([]);
    expect((await impatient.stats()).slow_consumers).toBe(1);
  });
});
