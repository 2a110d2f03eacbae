import { spawnOn, stop } from "./children.ts";
import type { Peer } from "./peers/peer.ts";
import { type Job, Outcome, type Scenario } from "./scenario.ts";
import { Server } from "./server.ts";

const LOAD = new URL("./load/main.ts", import.meta.url).pathname;
const LOAD_TIMEOUT_MS = 300_000;

/** What is the same in all runs. */
export interface Setup {
  readonly serverCpu: number;
  readonly loadCpu: number;
  readonly batchedWrites: boolean;
}

/** One run: a fresh server, a fresh load, one outcome. A run that breaks is an outcome with a fault. */
export async function runOnce(peer: Peer, scenario: Scenario, setup: Setup): Promise<Outcome> {
  try {
    const server = await Server.start(peer, setup.serverCpu, { tls: scenario.kind === "stream" && scenario.tls });
    try {
      const { port, pids: serverPids } = server;
      const { batchedWrites } = setup;
      const outcome = await load({ peer: peer.name, port, serverPids, batchedWrites, scenario }, setup.loadCpu);
      if (!server.alive) outcome.faults.push("the server ended");
      return outcome;
    } finally {
      await server.stop();
    }
  } catch (error) {
    return { figures: {}, faults: [error instanceof Error ? error.message : String(error)] };
  }
}

async function load(job: Job, cpu: number): Promise<Outcome> {
  const child = spawnOn(cpu, [process.execPath, LOAD], {
    stdin: Buffer.from(JSON.stringify(job)),
    stdout: "pipe",
    stderr: "inherit",
  });
  const timer = setTimeout(() => child.kill("SIGKILL"), LOAD_TIMEOUT_MS);
  try {
    const text = await Bun.readableStreamToText(child.stdout);
    if ((await child.exited) !== 0) throw new Error("the load generator failed");
    return Outcome.parse(JSON.parse(text));
  } finally {
    clearTimeout(timer);
    await stop(child);
  }
}
