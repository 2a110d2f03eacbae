import { readdirSync } from "node:fs";
import { openFileLimit } from "../open-file-limit.ts";
import { residentMemory } from "../resident-memory.ts";
import type { Registration } from "./registration.ts";

function openFiles(): number {
  try {
    return readdirSync("/proc/self/fd").length;
  } catch {
    // There is no such folder but on Linux.
    return Number.NaN;
  }
}

/**
 * Adds the figures of the process, by the names that all client libraries use. The library's own set can't be
 * chosen from, and half of it (heap spaces, handles, garbage collection) has no meaning on other engines.
 */
export function addProcessFigures(metrics: Registration): void {
  const startedAtSec = Math.round(Date.now() / 1000 - process.uptime());
  metrics.counter("process_cpu_seconds_total", "Processor time of the process, user and system", () => {
    const { system, user } = process.cpuUsage();
    return (system + user) / 1_000_000;
  });
  metrics.gauge("process_start_time_seconds", "When the process began, in seconds since 1970", () => startedAtSec);
  metrics.gauge("process_resident_memory_bytes", "Resident memory", () => residentMemory() ?? Number.NaN);
  metrics.gauge("process_open_fds", "Open file descriptors", openFiles);
  metrics.gauge("process_max_fds", "Most file descriptors that the process may have open", openFileLimit);
}
