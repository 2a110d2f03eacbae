import { describe, expect, test } from "bun:test";
import { readdirSync } from "node:fs";
import { TestClient } from "./support/client.ts";
import { ServerProcess } from "./support/server-process.ts";
import { TRANSPORTS, type TransportUnderTest } from "./support/subscriber.ts";

const ROUNDS = 20_000;
const AT_A_TIME = 50;
/** Rounds after which memory has found its level: pools are filled, code is compiled. */
const WARM_UP_ROUNDS = 5000;
const MEGABYTE = 1024 * 1024;
/**
 * What a steady server may differ by: the collector lets the heap swing by some 20 MB. A connection that stayed
 * behind would cost 2 KB and more, and the rounds after the warm-up 30 MB and more.
 */
const MEMORY_SLACK_BYTES = 28 * MEGABYTE;

function openFiles(pid: number): number {
  return readdirSync(`/proc/${pid}/fd`).length;
}

type Subscribe = TransportUnderTest["subscribe"];

/** Connects, subscribes and leaves: by a close frame where there is one, or by dropping the connection. */
async function visit(subscribe: Subscribe, port: number, n: number): Promise<void> {
  const { subscriber } = await subscribe(port, `topic-${n % 100}`);
  using client = subscriber;
  if (n % 2 === 0 && client instanceof TestClient) await client.close();
}

async function visits(subscribe: Subscribe, port: number, from: number, to: number): Promise<void> {
  for (let at = from; at < to; at += AT_A_TIME) {
    await Promise.all(Array.from({ length: AT_A_TIME }, (_, i) => visit(subscribe, port, at + i)));
  }
}

/** Waits until the server has noticed that everyone is gone. */
async function untilEmpty(server: ServerProcess): Promise<void> {
  for (let attempt = 0; attempt < 100; attempt++) {
    const { total_clients } = await server.stats();
    if (total_clients === 0) return;
    await server.nextLog("client disconnected", 500).catch(() => {});
  }
  throw new Error("connections are left");
}

describe.each(TRANSPORTS)("a server, with clients by $name,", ({ subscribe }) => {
  test.skipIf(process.platform !== "linux")(
    `is as it was after ${ROUNDS} clients that connected, subscribed and left`,
    async () => {
      await using server = await ServerProcess.start();
      const filesBefore = openFiles(server.pid);
      await visits(subscribe, server.port, 0, WARM_UP_ROUNDS);
      await untilEmpty(server);
      const memoryBefore = (await server.stats()).memory_bytes;
      await visits(subscribe, server.port, WARM_UP_ROUNDS, ROUNDS);
      await untilEmpty(server);
      const stats = await server.stats();
      expect(stats).toMatchObject({ total_clients: 0, total_topics: 0, internal_errors: 0 });
      // Two more than before: the keep-alive connection of this test's own requests, and one on its way out.
      expect(openFiles(server.pid)).toBeLessThanOrEqual(filesBefore + 2);
      expect(stats.memory_bytes - memoryBefore).toBeLessThan(MEMORY_SLACK_BYTES);
      expect(stats.memory_bytes).toBeLessThan(250 * MEGABYTE);
    },
    300_000,
  );
});
