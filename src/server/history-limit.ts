import { totalmem } from "node:os";

/** The share of the memory that histories may take where no bound is given. */
const SHARE = 1 / 4;

/**
 * The most bytes of all topics' histories.
 * @param maxHistoryBytes what `-max-history-bytes` says; 0: a quarter of the memory that the cgroup or the machine has
 */
export function historyLimit(maxHistoryBytes: number): number {
  if (maxHistoryBytes > 0) return maxHistoryBytes;
  // Without a cgroup's limit it is 0, or more than the machine has.
  const limitBytes = process.constrainedMemory() || Number.POSITIVE_INFINITY;
  return Math.floor(Math.min(limitBytes, totalmem()) * SHARE);
}
