import type { SystemStats } from "../../../protocol/system.ts";
import type { Sample } from "../../history.ts";

// The numbers behind a chart.

/** One line of a chart: what it is called, and which number of the statistics it is. */
export interface Line {
  readonly label: string;
  readonly of: (stats: SystemStats) => number;
}

/** What a line comes to. */
export interface Summary {
  readonly latest: number;
  readonly lowest: number;
  readonly highest: number;
}

/** What a line comes to over all samples; undefined without any. */
export function summaryOf(samples: readonly Sample[], { of }: Line): Summary | undefined {
  const last = samples.at(-1);
  if (last === undefined) return undefined;
  let lowest = Number.POSITIVE_INFINITY;
  let highest = Number.NEGATIVE_INFINITY;
  for (const { stats } of samples) {
    const value = of(stats);
    lowest = Math.min(lowest, value);
    highest = Math.max(highest, value);
  }
  return { latest: of(last.stats), lowest, highest };
}

/** Where in the list the sample stands that is next to a time; -1 without any. */
export function indexNear(samples: readonly Sample[], atMs: number): number {
  let low = 0;
  let high = samples.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((samples[middle]?.atMs ?? 0) < atMs) low = middle + 1;
    else high = middle;
  }
  const before = samples[low - 1];
  const after = samples[low];
  if (before === undefined) return after === undefined ? -1 : 0;
  return after === undefined || atMs - before.atMs <= after.atMs - atMs ? low - 1 : low;
}

/** A line in words, for those who do not see it. */
export function describe({ label }: Line, summary: Summary, format: (value: number) => string): string {
  const { latest, lowest, highest } = summary;
  return `${label}: now ${format(latest)}, lowest ${format(lowest)}, highest ${format(highest)}`;
}

/** Where scales may end, within one power of their base; the half of each is a good number, too. */
const ENDS = { 10: [1, 2, 4, 10], 1024: [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024] } as const;
/** Numbers are counted by tens, bytes by 1024. */
export type Base = keyof typeof ENDS;

/** Where the scale of a chart ends that reaches at least up to a value. */
export function scaleEnd(value: number, base: Base): number {
  if (value <= 0) return 1;
  const power = base ** Math.floor(Math.log(value) / Math.log(base));
  return (ENDS[base].find((end) => end * power >= value) ?? base) * power;
}
