import { FIGURE_NAMES, type Figure } from "./figures.ts";
import type { Outcome, PeerName } from "./scenario.ts";
import { type Spread, spreadOf } from "./statistics.ts";
import type { Workload } from "./workloads.ts";

/** One peer's runs of one workload, taken together. */
export interface PeerSummary {
  readonly peer: PeerName;
  /** Medians and spreads over the runs without faults. */
  readonly figures: Partial<Record<Figure, Spread>>;
  readonly runs: readonly Outcome[];
}

/** All peers' runs of one workload. */
export interface WorkloadSummary {
  readonly workload: Workload;
  readonly peers: readonly PeerSummary[];
}

/** Takes one peer's runs together. A run with faults measured something else, and does not count. */
export function summarise(peer: PeerName, runs: readonly Outcome[]): PeerSummary {
  const good = runs.filter((run) => run.faults.length === 0);
  const figures: Partial<Record<Figure, Spread>> = {};
  for (const name of FIGURE_NAMES) {
    const values = good.flatMap((run) => run.figures[name] ?? []);
    if (values.length > 0) figures[name] = spreadOf(values);
  }
  return { peer, figures, runs };
}

/** Looks up a figure of each round; undefined for a round in which it was not measured. */
export type Lookup = (workload: string, peer: PeerName, figure: Figure) => readonly (number | undefined)[];

/** A lookup over summaries. */
export function lookupIn(summaries: readonly WorkloadSummary[]): Lookup {
  return (workload, peer, figure) => {
    const summary = summaries.find((candidate) => candidate.workload.name === workload);
    const runs = summary?.peers.find((candidate) => candidate.peer === peer)?.runs ?? [];
    return runs.map(({ faults, figures }) => (faults.length === 0 ? figures[figure] : undefined));
  };
}
