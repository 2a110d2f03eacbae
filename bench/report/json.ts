import type { Machine } from "../machine.ts";
import type { WorkloadSummary } from "../summary.ts";
import type { Verdict } from "../targets.ts";

/** Everything that a benchmark has found out. */
export interface Report {
  readonly startedAt: string;
  readonly machine: Machine;
  readonly rounds: number;
  readonly quick: boolean;
  readonly batchedWrites: boolean;
  /** Versions of those that took part. */
  readonly peers: Readonly<Record<string, string>>;
  /** Those that did not, and why. */
  readonly skipped: Readonly<Record<string, string>>;
  readonly workloads: readonly WorkloadSummary[];
  readonly targets: readonly Verdict[];
}

/** The report as a file for programs. */
export function reportJson(report: Report): string {
  return `${JSON.stringify(report, null, 2)}\n`;
}
