import { readdirSync, readFileSync } from "node:fs";

/** What the scheduler has counted for one thread, in nanoseconds. */
interface ThreadTimes {
  readonly running: number;
  /** Ready to run, but without the CPU. */
  readonly waiting: number;
}

/** The times of the server's threads, at one moment. */
export type CpuReading = ReadonlyMap<string, ThreadTimes>;

/** The times of all of the server's threads together, between two moments. */
export interface CpuUse {
  readonly runningUs: number;
  readonly waitingUs: number;
}

/** Reads the times of every thread of the processes, in the scheduler's nanoseconds rather than in clock ticks. */
export function readCpu(pids: readonly number[]): CpuReading {
  const threads = new Map<string, ThreadTimes>();
  for (const pid of pids) {
    for (const thread of readdirSync(`/proc/${pid}/task`)) {
      const times = readThread(pid, thread);
      if (times !== undefined) threads.set(`${pid}/${thread}`, times);
    }
  }
  return threads;
}

/** What was used between two readings. A thread that ended between them is not counted. */
export function cpuBetween(before: CpuReading, after: CpuReading): CpuUse {
  let running = 0;
  let waiting = 0;
  for (const [thread, times] of after) {
    running += times.running - (before.get(thread)?.running ?? 0);
    waiting += times.waiting - (before.get(thread)?.waiting ?? 0);
  }
  return { runningUs: running / 1000, waitingUs: waiting / 1000 };
}

/** Resident memory of the processes, in bytes. */
export function readResidentBytes(pids: readonly number[]): number {
  let kibibytes = 0;
  for (const pid of pids) {
    const line = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"));
    kibibytes += Number(line?.[1] ?? 0);
  }
  return kibibytes * 1024;
}

/** A thread may end between being listed and being read. */
function readThread(pid: number, thread: string): ThreadTimes | undefined {
  try {
    const [running, waiting] = readFileSync(`/proc/${pid}/task/${thread}/schedstat`, "utf8").split(" ");
    return { running: Number(running), waiting: Number(waiting) };
  } catch {
    return undefined;
  }
}
