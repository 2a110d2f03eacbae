import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { TestClient } from "./support/client.ts";
import { ServerProcess } from "./support/server-process.ts";
import { TRANSPORTS } from "./support/subscriber.ts";

const PONG_WAIT_MS = 600;
const FLAGS = ["-ping-interval=150ms", `-pong-wait=${PONG_WAIT_MS}ms`];
const STOP_MS = 4 * PONG_WAIT_MS;
/** Pings in which a client outlives the pong wait more than once. */
const PINGS = 8;

/** Stops the process as a frozen container or a laptop that sleeps does, and lets it go on. */
async function freeze({ pid }: ServerProcess, ms: number): Promise<void> {
  process.kill(pid, "SIGSTOP");
  await sleep(ms);
  process.kill(pid, "SIGCONT");
}

function disconnects({ log }: ServerProcess): unknown[] {
  return log.filter(({ msg }) => msg === "client disconnected");
}

describe.each(TRANSPORTS)("a server that was stopped for longer than the pong wait, with clients by $name,", (each) => {
  test("disconnects nobody who is there, and finds out later who is not", async () => {
    await using server = await ServerProcess.start(FLAGS);
    const clients = await Promise.all(
      Array.from({ length: 5 }, async () => (await each.subscribe(server.port, "t")).subscriber),
    );
    try {
      await freeze(server, STOP_MS);
      const pingsBefore = clients.map(({ pings }) => pings);
      while (clients.some(({ pings }, i) => pings < (pingsBefore[i] ?? 0) + PINGS)) await sleep(20);
      expect(disconnects(server)).toEqual([]);
      using publisher = await TestClient.connect(server.port);
      await publisher.published("t", "m", 1);
      for (const client of clients) expect(await client.nextText()).toContain('"offset":1');
    } finally {
      for (const client of clients) client[Symbol.dispose]();
    }
  }, 30_000);
});

describe("a server that was stopped", () => {
  test("still gives up a client that answers no pings", async () => {
    await using server = await ServerProcess.start(FLAGS);
    const givenUp = server.nextLog("ping timeout, connection closed");
    using _deaf = await TestClient.connect(server.port, { answersPings: false });
    await freeze(server, STOP_MS);
    await givenUp;
  }, 30_000);

  test("counts the time to live of a topic only while it runs", async () => {
    await using server = await ServerProcess.start(["-topic-ttl=1s"]);
    {
      using client = await TestClient.connect(server.port);
      await client.subscribe("kept");
      const gone = server.nextLog("client disconnected");
      await client.close();
      await gone;
    }
    const removed = server.nextLog("topic removed");
    await freeze(server, 2500);
    // It still has most of its second.
    expect((await server.stats()).total_topics).toBe(1);
    await removed;
  }, 30_000);

  test("still gives a slow client its time to take the end", async () => {
    await using server = await ServerProcess.start(["-write-wait=1s", "-max-queue-bytes=100000000"]);
    using client = await TestClient.connect(server.port);
    await client.subscribe("t");
    client.pause();
    using publisher = await TestClient.connect(server.port);
    for (let i = 0; i < 80; i++) await publisher.published("t", "m", "x".repeat(100_000));
    const deleted = server.fetch("/topics/t", { method: "DELETE" });
    expect((await deleted).status).toBe(200);
    await freeze(server, 2500);
    client.resume();
    expect(await client.closed).toEqual({ code: 4404, reason: "the topic was deleted" });
  }, 30_000);
});
