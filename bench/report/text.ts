import { FIGURE_NAMES, FIGURES, type Figure } from "../figures.ts";
import type { Spread } from "../statistics.ts";
import type { PeerSummary, WorkloadSummary } from "../summary.ts";
import type { Verdict } from "../targets.ts";
import { table } from "./table.ts";

const NOISY_WAIT = 5;
const NOISY_DELAY_US = 1000;

/** A workload's figures as a table: one row a peer, the first column with its spread. */
export function workloadText({ workload, peers }: WorkloadSummary): string {
  const columns = FIGURE_NAMES.filter((figure) => peers.some(({ figures }) => figures[figure] !== undefined));
  const headline = headlineOf(peers);
  const ours = peers.find(({ peer }) => peer === "ringcast")?.figures[headline]?.median;
  const header = ["", ...columns.map((figure) => FIGURES[figure].label), `ringcast / peer, ${FIGURES[headline].label}`];
  const rows = peers.map(({ peer, figures }) => {
    const theirs = figures[headline]?.median;
    const ratio = ours === undefined || theirs === undefined ? "-" : (ours / theirs).toFixed(2);
    return [peer, ...columns.map((figure) => cell(figure, figures[figure], figure === headline)), ratio];
  });
  const notes = [...peers.flatMap(faultNotes), ...noiseNotes(peers)];
  return [`${workload.title}  [${workload.name}]`, table([header, ...rows]), ...notes].join("\n");
}

/** The targets and how far each was met. */
export function targetsText(verdicts: readonly Verdict[]): string {
  const rows = verdicts.map(({ what, against, atMost, measured, result }) => {
    const value = measured === undefined ? "-" : number(measured);
    const by = measured === undefined || result === "met" ? "" : `by ${((measured / atMost - 1) * 100).toFixed(0)} %`;
    return [what, against, number(atMost), value, `${result} ${by}`.trim()];
  });
  return table([["target", "against", "at most", "measured", "result"], ...rows]);
}

/** The figure that a workload is mainly about. */
export function headlineOf(peers: readonly PeerSummary[]): Figure {
  const candidates = ["cpuPerDeliveryUs", "cpuPerConnectUs", "connectionBytes", "cpuPerPublishUs"] as const;
  const measured = candidates.find((figure) => peers.some(({ figures }) => figures[figure] !== undefined));
  return measured ?? "cpuPerDeliveryUs";
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
