import { FIGURES, headlineOf } from "./figures.ts";
import type { Peer } from "./peers/peer.ts";
import { runOnce, type Setup } from "./run.ts";
import type { Outcome } from "./scenario.ts";
import { summarise, type WorkloadSummary } from "./summary.ts";
import type { Workload } from "./workloads.ts";

interface Entry {
  readonly workload: Workload;
  readonly peer: Peer;
  readonly runs: Outcome[];
}

/**
 * Runs every workload with every peer that takes part, once a round. A round goes through all of them before the next
 * begins, so that whatever else changes on the machine touches all alike.
 */
export async function runAll(
  workloads: readonly Workload[],
  peers: readonly Peer[],
  rounds: number,
  setup: Setup,
): Promise<readonly WorkloadSummary[]> {
  const entries = workloads.flatMap((workload) =>
    peers.filter((peer) => takesPart(workload, peer)).map((peer): Entry => ({ workload, peer, runs: [] })),
  );
  let done = 0;
  for (let round = 1; round <= rounds; round++) {
    for (const { workload, peer, runs } of entries) {
      progress(`[${++done}/${rounds * entries.length}] round ${round}  ${workload.name}  ${peer.name} ... `);
      const outcome = await runOnce(peer, workload.scenario, setup);
      runs.push(outcome);
      progress(`${brief(outcome)}\n`);
    }
  }
  return workloads.flatMap((workload) => {
    const own = entries.filter((entry) => entry.workload === workload);
    return own.length === 0 ? [] : [{ workload, peers: own.map(({ peer, runs }) => summarise(peer.name, runs)) }];
  });
}

function takesPart({ peers }: Workload, peer: Peer): boolean {
  if (peers === "all") return true;
  return peers === "history" ? peer.keepsHistory : peers.includes(peer.name);
}

function brief({ figures, faults }: Outcome): string {
  const name = headlineOf([figures]);
  const bad = faults.length === 0 ? "" : `  BAD: ${faults.join("; ")}`;
  const value =
    figures[name] === undefined
      ? "nothing"
      : `${figures[name]?.toFixed(FIGURES[name].decimals)} ${FIGURES[name].label}`;
  return value + bad;
}

function progress(text: string): void {
  process.stderr.write(text);
}
