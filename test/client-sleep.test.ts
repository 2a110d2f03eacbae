import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { PipedRun, runCli } from "./support/cli-process.ts";
import { FaultProxy } from "./support/fault-proxy.ts";
import { ServerProcess } from "./support/server-process.ts";

/** Longer than the lateness of a timer that the SDK ignores. */
const SLEEP_MS = 4500;
/** The SDK takes 3 s; a heartbeat alone would take 30 to 45 s. */
const NOTICED_WITHIN_MS = 10_000;

test.each([
  ["closes a connection that died meanwhile", true],
  ["keeps a connection that still works", false],
])("a client that was stopped, as by a machine that sleeps, %s", async (_, isDead) => {
  await using server = await ServerProcess.start();
  await using proxy = await FaultProxy.start(server.port);
  const url = `http://127.0.0.1:${proxy.port}`;
  await using client = new PipedRun(["sub", "t", "--json"], { url });
  const subscribed = async () => (await server.stats()).active_topics === 1;
  while (!(await subscribed())) await sleep(20);
  client.kill("SIGSTOP");
  if (isDead) proxy.stall();
  await sleep(SLEEP_MS);
  client.kill("SIGCONT");
  const sinceMs = performance.now();
  if (isDead) await client.prints("no sign of life", "stderr");
  expect(performance.now() - sinceMs).toBeLessThan(NOTICED_WITHIN_MS);
  if (isDead) process.stdout.write(`  noticed after ${Math.round(performance.now() - sinceMs)} ms\n`);
  proxy.resume();
  expect((await runCli(["pub", "t", "1"], { url: server.url })).code).toBe(0);
  await client.prints('"payload":1');
  if (isDead) return;
  client.kill("SIGINT");
  expect((await client.ended()).stderr).not.toContain("lost the connection");
});
