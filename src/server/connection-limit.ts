import { openFileLimit } from "./open-file-limit.ts";

/** Descriptors kept for HTTP requests, the log and the listening socket itself. */
const MIN_RESERVE = 64;
const RESERVE_SHARE = 0.05;

/** The most connections: as configured, or for 0 what the process's file limit allows, less a reserve. */
export function connectionLimit(maxConnections: number): number {
  if (maxConnections > 0) return maxConnections;
  const files = openFileLimit();
  return Math.max(1, files - Math.max(MIN_RESERVE, Math.ceil(files * RESERVE_SHARE)));
}
