import { formatCompact } from "../../parts/format.ts";

/** A rate in a column, where small ones should line up: `0.5`, `12`, `12.3K`; undefined is not known yet. */
export function rateText(perSec: number | undefined): string {
  if (perSec === undefined) return "–";
  if (perSec === 0) return "0";
  if (perSec < 10) return perSec.toFixed(1);
  return formatCompact(Math.round(perSec));
}
