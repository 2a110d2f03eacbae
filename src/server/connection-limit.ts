import { readdirSync } from "node:fs";
import { openFileLimit } from "./open-file-limit.ts";

/** Descriptors kept for HTTP requests, the log and the listening socket itself. */
const MIN_RESERVE = 64;
const RESERVE_SHARE = 0.05;
/** Descriptors kept for files that are read and names that are looked up while all sockets are in use. */
const FILE_RESERVE = 16;
/** What a process has open without any connection, where the system does not tell. */
const UNKNOWN_OPEN_FILES = 32;

/** The most connections that stay: as configured, or for 0 what the process's file limit allows, less a reserve. */
export function connectionLimit(maxConnections: number): number {
  if (maxConnections > 0) return maxConnections;
  const files = openFileLimit();
  return Math.max(1, files - Math.max(MIN_RESERVE, Math.ceil(files * RESERVE_SHARE)));
}

function openFiles(): number {
  try {
    return readdirSync("/proc/self/fd").length;
  } catch {
    return UNKNOWN_OPEN_FILES;
  }
}

/** The most sockets of any kind that the process's file limit allows; to be asked before the first is there. */
export function socketLimit(): number {
  return Math.max(1, openFileLimit() - openFiles() - FILE_RESERVE);
}
