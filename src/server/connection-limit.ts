import { readFileSync } from "node:fs";

/** What is assumed where the system does not tell its limit. */
const UNKNOWN_FILE_LIMIT = 1024;
/** Descriptors kept for HTTP requests, the log and the listening socket itself. */
const MIN_RESERVE = 64;
const RESERVE_SHARE = 0.05;

function openFileLimit(): number {
  try {
    const limits = readFileSync("/proc/self/limits", "utf8");
    const soft = /^Max open files\s+(\d+|unlimited)/m.exec(limits)?.[1];
    return soft === "unlimited" ? Number.MAX_SAFE_INTEGER : Number(soft ?? UNKNOWN_FILE_LIMIT);
  } catch {
    return UNKNOWN_FILE_LIMIT;
  }
}

/** The most connections: as configured, or for 0 what the process's file limit allows, less a reserve. */
export function connectionLimit(maxConnections: number): number {
  if (maxConnections > 0) return maxConnections;
  const files = openFileLimit();
  return Math.max(1, files - Math.max(MIN_RESERVE, Math.ceil(files * RESERVE_SHARE)));
}
