import type { Figures } from "../figures.ts";
import { type CpuReading, cpuBetween, readCpu, readResidentBytes } from "./server-usage.ts";

const MIB = 1024 * 1024;

/** What happened while the server was watched. */
export interface Interval {
  readonly elapsedUs: number;
  readonly cpuUs: number;
  readonly waitingUs: number;
  readonly residentBytes: number;
}

/** Watches the server's processes from its making on. */
export class Measurement {
  readonly #pids: readonly number[];
  readonly #beganMs: number;
  readonly #before: CpuReading;

  constructor(pids: readonly number[]) {
    this.#pids = pids;
    this.#beganMs = performance.now();
    this.#before = readCpu(pids);
  }

  /** What happened since the beginning. */
  end(): Interval {
    const { runningUs: cpuUs, waitingUs } = cpuBetween(this.#before, readCpu(this.#pids));
    const elapsedUs = (performance.now() - this.#beganMs) * 1000;
    return { elapsedUs, cpuUs, waitingUs, residentBytes: readResidentBytes(this.#pids) };
  }
}

/** The figures that every interval has. */
export function commonFigures({ cpuUs, waitingUs, elapsedUs, residentBytes }: Interval): Figures {
  return {
    serverLoad: (100 * cpuUs) / elapsedUs,
    serverWait: (100 * waitingUs) / elapsedUs,
    residentMiB: residentBytes / MIB,
  };
}
