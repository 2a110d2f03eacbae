import { readFileSync } from "node:fs";

/** What is assumed where the system does not tell its limit. */
const UNKNOWN_FILE_LIMIT = 1024;

/** How many files the process may have open; sockets count. */
export function openFileLimit(): number {
  try {
    const limits = readFileSync("/proc/self/limits", "utf8");
    const soft = /^Max open files\s+(\d+|unlimited)/m.exec(limits)?.[1];
    return soft === "unlimited" ? Number.MAX_SAFE_INTEGER : Number(soft ?? UNKNOWN_FILE_LIMIT);
  } catch {
    return UNKNOWN_FILE_LIMIT;
  }
}
