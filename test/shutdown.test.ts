import { describe, expect, test } from "vitest";
import { deferred } from "../src/client/deferred.ts";
import { TestClient, UpgradeRefused } from "./support/client.ts";
import { encodeFrame, OPCODE } from "./support/frames.ts";
import { within } from "./support/mailbox.ts";
import { ServerProcess } from "./support/server-process.ts";
import { type Subscriber, TRANSPORTS, type TransportUnderTest } from "./support/subscriber.ts";

const ROUNDS = 20;
const CLIENTS = 200;
const PAYLOAD = "x".repeat(4096);
/** Publishes on their way at a time; times clients and payload, that is 16 MB in flight. */
const WINDOW = 20;
const QUEUE_FLAGS = ["-max-queue-size=100000", "-max-queue-bytes=1000000000"];

/** Subscribes many clients to the topic t. */
function subscribeAll(subscribe: TransportUnderTest["subscribe"], port: number, count: number): Promise<Subscriber[]> {
  return Promise.all(Array.from({ length: count }, async () => (await subscribe(port, "t")).subscriber));
}

function offsetsOf(texts: readonly string[], type: "ack" | "event"): number[] {
  return texts
    .filter((text) => text.startsWith(`{"type":"${type}"`))
    .map((text) => Number(/"offset":(\d+),"ts":"[^"]*"}$/.exec(text)?.[1]));
}

/** Publishes a window of messages, and one more for each that is acked, until the connection ends. */
async function publishUntilClosed(publisher: TestClient, onAck: (count: number) => void): Promise<number[]> {
  const frame = encodeFrame({
    opcode: OPCODE.TEXT,
    payload: JSON.stringify({ type: "publish", topic: "t", message: { id: "m", payload: PAYLOAD } }),
  });
  for (let i = 0; i < WINDOW; i++) publisher.sendBytes(frame);
  const acked: number[] = [];
  try {
    for (;;) {
      const [offset] = offsetsOf([await publisher.nextText()], "ack");
      if (offset === undefined) continue;
      acked.push(offset);
      onAck(acked.length);
      publisher.sendBytes(frame);
    }
  } catch {
    return acked;
  }
}

/** A client that does not read, with more under way to it than the kernel takes: no flush can end before it reads. */
async function connectStalled(server: ServerProcess, subscribe: TransportUnderTest["subscribe"]): Promise<Subscriber> {
  const stalled = (await subscribe(server.port, "t")).subscriber;
  stalled.pause();
  using publisher = await TestClient.connect(server.port);
  for (let i = 0; i < 80; i++) await publisher.published("t", "m", "x".repeat(100_000));
  return stalled;
}

describe.each(TRANSPORTS)("SIGTERM, with clients by $name,", ({ subscribe }) => {
  test(`during fan-out to ${CLIENTS} clients loses nothing that was acked, ${ROUNDS} times`, async () => {
    for (let round = 0; round < ROUNDS; round++) {
      await using server = await ServerProcess.start(QUEUE_FLAGS);
      const clients = await subscribeAll(subscribe, server.port, CLIENTS);
      const publisher = await TestClient.connect(server.port);
      const underWay = deferred<void>();
      // A different moment each time.
      const acking = publishUntilClosed(publisher, (count) => count === 5 + round && underWay.resolve());
      await within(underWay.promise, "the fan-out");
      const code = server.stop("SIGTERM");
      const acked = await within(acking, "the end of the publisher", 15_000);
      expect((await publisher.closed).code).toBe(1001);
      for (const client of clients) {
        expect((await within(client.closed, "the close", 15_000)).code).toBe(1001);
        const texts = client.takeAll();
        const events = offsetsOf(texts, "event");
        expect(events).toEqual(events.map((_, i) => i + 1));
        expect(events.length).toBeGreaterThanOrEqual(acked.length);
        expect(texts.filter((text) => text.includes("SERVER_SHUTDOWN"))).toHaveLength(1);
      }
      expect(await code).toBe(0);
    }
  }, 300_000);

  test("lets nobody new in meanwhile, and says so", async () => {
    await using server = await ServerProcess.start(["-max-queue-bytes=100000000", "-shutdown-timeout=8s"]);
    using stalled = await connectStalled(server, subscribe);
    const draining = server.nextLog("shutting down");
    const code = server.stop("SIGTERM");
    await draining;
    const health = await server.fetch("/health");
    expect(health.status).toBe(503);
    expect(await health.json()).toMatchObject({ status: "draining" });
    const list = await server.fetch("/topics");
    expect(list.status).toBe(503);
    expect(await list.json()).toMatchObject({ error: { code: "UNAVAILABLE" } });
    const upgrade = await TestClient.connect(server.port).catch((error: unknown) => error);
    expect(upgrade).toBeInstanceOf(UpgradeRefused);
    expect(upgrade).toMatchObject({ status: 503 });
    stalled.resume();
    expect(await stalled.closed).toMatchObject({ code: 1001 });
    expect(await code).toBe(0);
  }, 30_000);

  test("ends within the shutdown timeout although a client reads nothing", async () => {
    await using server = await ServerProcess.start(["-max-queue-bytes=100000000", "-shutdown-timeout=2s"]);
    using _stalled = await connectStalled(server, subscribe);
    const start = performance.now();
    expect(await server.stop("SIGTERM")).toBe(0);
    // The bound itself, and what a busy machine takes to notice.
    expect(performance.now() - start).toBeLessThan(2000 + 1500);
    expect(server.log.some((line) => line.msg === "flush timed out, clients closed with messages queued")).toBe(true);
  }, 30_000);

  test("ends the process at once when it comes a second time", async () => {
    await using server = await ServerProcess.start(["-max-queue-bytes=100000000", "-shutdown-timeout=60s"]);
    using _stalled = await connectStalled(server, subscribe);
    const draining = server.nextLog("shutting down");
    const first = server.stop("SIGTERM");
    await draining;
    const start = performance.now();
    await server.stop("SIGTERM");
    await first;
    expect(performance.now() - start).toBeLessThan(2500);
  }, 30_000);
});

describe("SIGTERM", () => {
  test("is answered with 0 as SIGINT is, also with nobody connected", async () => {
    for (const signal of ["SIGTERM", "SIGINT"] as const) {
      await using server = await ServerProcess.start();
      expect(await server.stop(signal)).toBe(0);
    }
  }, 30_000);
});
