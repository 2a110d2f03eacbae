import { totalmem } from "node:os";
import { cgroupMemoryLimit } from "./cgroup-memory.ts";

/** The share of the memory that histories may take where no bound is given. */
const SHARE = 1 / 4;

/** The memory that this process may use: the lowest limit of its cgroup and those around it, or all that the machine has. */
export function memoryLimit(): number {
  // Without a limit it is 0, or more than the machine has. It does not know the limits of outer cgroups.
  const ownLimit = process.constrainedMemory() || Number.POSITIVE_INFINITY;
  return Math.min(ownLimit, cgroupMemoryLimit(), totalmem());
}

/**
 * The most bytes of all topics' histories.
 * @param maxHistoryBytes what `-max-history-bytes` says; 0: a quarter of the memory
 */
export function historyLimit(maxHistoryBytes: number): number {
  return maxHistoryBytes > 0 ? maxHistoryBytes : Math.floor(memoryLimit() * SHARE);
}
