// Measures small differences between two builds, or between two runtimes. Two servers of each run on one CPU at the same
// time and get bursts of the same messages in turn. Then all are started again, because compiled code differs from start
// to start.
// Usage: bun bench/compare.ts [--batched-writes] WORKLOAD BASE CHANGED [SECONDS]
// BASE and CHANGED are commands: "bin/ringcast", "node bin/ringcast", "bun bin/ringcast".

import { stopAllOnSignals } from "./children.ts";
import { cpuBetween, readCpu } from "./load/server-usage.ts";
import { Traffic } from "./load/traffic.ts";
import { protocols } from "./peers/protocols.ts";
import { Ringcast } from "./peers/ringcast.ts";
import type { StreamScenario } from "./scenario.ts";
import { Server } from "./server.ts";
import { median } from "./statistics.ts";
import { allWorkloads } from "./workloads.ts";

const USAGE = `usage: bun bench/compare.ts [--batched-writes] WORKLOAD BASE CHANGED [SECONDS]
  BASE, CHANGED: the command of a build, such as bin/ringcast or "node bin/ringcast"`;
const BATCHED_WRITES = "--batched-writes";
const SERVER_CPU = 1;
const SERVERS_OF_EACH = 2;
/** Deliveries of a burst: a few dozen milliseconds of the server's time. */
const BURST_DELIVERIES = 12_000;
/** The least messages of a burst: to many subscribers a delivery costs less. */
const BURST_MESSAGES = 2000;
const WARM_UP_BURSTS = 6;
const BURSTS = 10;

type Side = "base" | "changed";

/** A server, and what a delivery cost it in each burst, in microseconds. */
interface Runner {
  readonly side: Side;
  readonly server: Server;
  readonly traffic: Traffic;
  readonly costsUs: number[];
}

function fail(why: string): never {
  process.stderr.write(`${why}\n${USAGE}\n`);
  process.exit(2);
}

function scenarioOf(name: string): StreamScenario {
  const timing = { warmUpMs: 0, measureMs: 0, settleMs: 0 };
  const scenario = allWorkloads(timing).find((workload) => workload.name === name)?.scenario;
  if (scenario?.kind !== "stream" || scenario.pace.kind !== "window") fail(`${name} is no workload with a window`);
  return scenario;
}

async function start(side: Side, command: string, scenario: StreamScenario): Promise<Runner> {
  const peer = new Ringcast("ringcast-node", { words: command.split(" ").filter((word) => word !== "") });
  const found = peer.find();
  if ("missing" in found) fail(found.missing);
  const server = await Server.start(peer, SERVER_CPU, scenario);
  const job = { peer: peer.name, port: server.port, serverPids: server.pids, batchedWrites, scenario } as const;
  const traffic = new Traffic(job, scenario, protocols[peer.name]);
  await traffic.connect();
  return { side, server, traffic, costsUs: [] };
}

/** Sends one burst, and returns what a delivery cost the server. */
async function burst({ server, traffic }: Runner, scenario: StreamScenario): Promise<number> {
  const window = scenario.pace.kind === "window" ? scenario.pace.messages : 1;
  const messages = Math.max(BURST_MESSAGES, BURST_DELIVERIES / scenario.subscribersPerTopic);
  const before = readCpu(server.pids);
  const deliveriesBefore = traffic.tally.deliveries;
  traffic.flow(window, messages);
  await traffic.settle();
  traffic.stop();
  return cpuBetween(before, readCpu(server.pids)).runningUs / (traffic.tally.deliveries - deliveriesBefore);
}

/** One session: what a delivery cost each server, in the order in which they were started. */
async function session(commands: Record<Side, string>, scenario: StreamScenario, first: Side): Promise<Runner[]> {
  const second: Side = first === "base" ? "changed" : "base";
  const runners: Runner[] = [];
  for (let i = 0; i < SERVERS_OF_EACH; i++) {
    for (const side of [first, second]) runners.push(await start(side, commands[side], scenario));
  }
  for (let i = 0; i < WARM_UP_BURSTS; i++) for (const runner of runners) await burst(runner, scenario);
  for (let i = 0; i < BURSTS; i++) {
    // Who comes first changes, too.
    for (const [place] of runners.entries()) {
      const runner = runners[(place + i) % runners.length];
      if (runner !== undefined) runner.costsUs.push(await burst(runner, scenario));
    }
  }
  for (const { server, traffic } of runners) {
    const faults = traffic.faults();
    if (faults.length > 0) throw new Error(faults.join(", "));
    traffic.close();
    await server.stop();
  }
  return runners;
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function percent(ratios: readonly number[]): string {
  const center = mean(ratios);
  const variance = ratios.reduce((sum, ratio) => sum + (ratio - center) ** 2, 0) / Math.max(1, ratios.length - 1);
  const error = Math.sqrt(variance / ratios.length);
  return `${(100 * (center - 1)).toFixed(2)} % (standard error ${(100 * error).toFixed(2)} %), median ${(100 * (median(ratios) - 1)).toFixed(2)} %`;
}

stopAllOnSignals();
const batchedWrites = process.argv.includes(BATCHED_WRITES);
const words = process.argv.slice(2).filter((word) => word !== BATCHED_WRITES);
const [name, base, changed, secondsText = "120"] = words;
if (name === undefined || base === undefined || changed === undefined) fail("something is missing");
const scenario = scenarioOf(name);
const endsMs = performance.now() + Number(secondsText) * 1000;
const costs: Record<Side, number[]> = { base: [], changed: [] };
const ratios: number[] = [];
const withinBase: number[] = [];
while (performance.now() < endsMs) {
  const runners = await session({ base, changed }, scenario, ratios.length % 2 === 0 ? "base" : "changed");
  const of = (side: Side) => runners.filter((runner) => runner.side === side).map(({ costsUs }) => median(costsUs));
  costs.base.push(...of("base"));
  costs.changed.push(...of("changed"));
  ratios.push(mean(of("changed")) / mean(of("base")));
  const [one = 1, other = 1] = of("base");
  withinBase.push(Math.max(one, other) / Math.min(one, other));
}
const us = (values: readonly number[]) => median(values).toFixed(4);
process.stdout.write(
  `${name}: ${us(costs.base)} -> ${us(costs.changed)} us a delivery, ${percent(ratios)}, ${ratios.length} sessions; ` +
    `two servers of the base differ by ${(100 * (median(withinBase) - 1)).toFixed(1)} %\n`,
);
process.exit();
