import { FIGURE_NAMES, FIGURES, type Figure, headlineOf } from "../figures.ts";
import type { PeerName } from "../scenario.ts";
import type { Spread } from "../statistics.ts";
import type { PeerSummary, WorkloadSummary } from "../summary.ts";
import { JUDGED, type Verdict } from "../targets.ts";
import { table } from "./table.ts";

const NOISY_WAIT = 5;
const NOISY_DELAY_US = 1000;

/** A workload's figures as a table: one row a peer, the first column with its spread. */
export function workloadText({ workload, peers }: WorkloadSummary): string {
  const columns = FIGURE_NAMES.filter((figure) => peers.some(({ figures }) => figures[figure] !== undefined));
  const headline = headlineOf(peers.map(({ figures }) => figures));
  const own = JUDGED.filter((name) => peers.some(({ peer }) => peer === name));
  const header = ["", ...columns.map((figure) => FIGURES[figure].label), ...own.map((name) => `${name} / peer`)];
  const medianOf = (name: PeerName) => peers.find(({ peer }) => peer === name)?.figures[headline]?.median;
  const rows = peers.map(({ peer, figures }) => {
    const cells = columns.map((figure) => cell(figure, figures[figure], figure === headline));
    return [peer, ...cells, ...own.map((name) => ratioText(medianOf(name), medianOf(peer)))];
  });
  const notes = [...peers.flatMap(faultNotes), ...noiseNotes(peers)];
  return [`${workload.title}  [${workload.name}]`, table([header, ...rows]), ...notes].join("\n");
}

/** The targets that were measured, with the extremes of single rounds, and whether each was met. */
export function targetsText(
  verdicts: readonly Verdict[],
  { batchedWrites }: { readonly batchedWrites: boolean },
): string {
  const rows = verdicts.flatMap(({ what, against, peer, atMost, measured, result }) => {
    if (measured === undefined) return [];
    const value = `${number(measured.median)} (${number(measured.min)}..${number(measured.max)})`;
    if (atMost === undefined) return [[what, against, peer, "-", value, result]];
    const by = result === "missed" ? ` by ${((measured.median / atMost - 1) * 100).toFixed(0)} %` : "";
    return [[what, against, peer, number(atMost), value, result + by]];
  });
  const notes: string[] = [];
  if (rows.length < verdicts.length) notes.push(`Targets that were not measured: ${verdicts.length - rows.length}.`);
  if (!batchedWrites)
    notes.push("Limits against peers are for --batched-writes; here, publishers wrote each message alone.");
  return [table([["target", "against", "of", "at most", "measured", "result"], ...rows]), ...notes].join("\n");
}

function ratioText(ours: number | undefined, theirs: number | undefined): string {
  return ours === undefined || theirs === undefined ? "-" : (ours / theirs).toFixed(2);
}

function cell(figure: Figure, spread: Spread | undefined, withSpread: boolean): string {
  if (spread === undefined) return "-";
  const { decimals } = FIGURES[figure];
  const [middle, min, max] = [spread.median, spread.min, spread.max].map((value) => value.toFixed(decimals));
  return withSpread ? `${middle} (${min}..${max})` : `${middle}`;
}

function faultNotes({ peer, runs }: PeerSummary): string[] {
  const bad = runs.filter((run) => run.faults.length > 0);
  if (bad.length === 0) return [];
  const faults = new Set(bad.flatMap((run) => run.faults));
  return [`  BAD: ${peer}, ${bad.length} of ${runs.length} runs, not counted: ${[...faults].join("; ")}`];
}

/** Names those whose runs other programs on the machine have disturbed. */
function noiseNotes(peers: readonly PeerSummary[]): string[] {
  const disturbed = peers.filter(
    ({ figures }) =>
      (figures.serverWait?.median ?? 0) > NOISY_WAIT || (figures.sendDelayP99Us?.median ?? 0) > NOISY_DELAY_US,
  );
  if (disturbed.length === 0) return [];
  return [`  NOISY: other programs had the CPUs during runs of ${disturbed.map(({ peer }) => peer).join(", ")}`];
}

function number(value: number): string {
  return value >= 100 ? value.toFixed(0) : value.toFixed(2);
}
