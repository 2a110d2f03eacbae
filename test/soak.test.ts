import { readdirSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { TestClient } from "./support/client.ts";
import { ServerProcess } from "./support/server-process.ts";
import { TRANSPORTS, type TransportUnderTest } from "./support/subscriber.ts";

const ROUNDS = 87_000;
const AT_A_TIME = 50;
/** Rounds after which memory has found its level: pools are filled, code is compiled. */
const WARM_UP_ROUNDS = 15_000;
const MEGABYTE = 1024 * 1024;
/** Memory is read this often, after so many rounds each. */
const READINGS = 3;
const ROUNDS_A_READING = 2000;
/**
 * What the lowest memory at the end may lie above the highest before: the collector lets the heap swing by some 25 MB,
 * over tens of thousands of rounds. A connection that stayed behind would cost 2 KB and more, and the rounds between
 * the readings 120 MB and more.
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

/** Several readings of the server's memory, while clients come and go. */
async function memoryOf(server: ServerProcess, subscribe: Subscribe): Promise<readonly number[]> {
  const readings: number[] = [];
  for (let i = 0; i < READINGS; i++) {
    await visits(subscribe, server.port, 0, ROUNDS_A_READING);
    await untilEmpty(server);
    readings.push((await server.stats()).memory_bytes);
  }
  return readings;
}

describe.each(TRANSPORTS)("a server, with clients by $name,", ({ subscribe }) => {
  test.skipIf(process.platform !== "linux")(
    `is as it was after ${ROUNDS} clients that connected, subscribed and left`,
    async () => {
      await using server = await ServerProcess.start();
      const filesBefore = openFiles(server.pid);
      await visits(subscribe, server.port, 0, WARM_UP_ROUNDS);
      const memoryBefore = Math.max(...(await memoryOf(server, subscribe)));
      await visits(subscribe, server.port, 0, ROUNDS - WARM_UP_ROUNDS - 2 * READINGS * ROUNDS_A_READING);
      const memoryAfter = Math.min(...(await memoryOf(server, subscribe)));
      expect(await server.stats()).toMatchObject({ total_clients: 0, total_topics: 0, internal_errors: 0 });
      // Two more than before: the keep-alive connection of this test's own requests, and one on its way out.
      expect(openFiles(server.pid)).toBeLessThanOrEqual(filesBefore + 2);
      expect(memoryAfter - memoryBefore).toBeLessThan(MEMORY_SLACK_BYTES);
      expect(memoryAfter).toBeLessThan(250 * MEGABYTE);
    },
    300_000,
  );
});
