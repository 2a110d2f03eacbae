import { cpus, release, totalmem, type } from "node:os";
import { UsageError } from "./usage-error.ts";

/** What the figures depend on besides the programs. */
export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryGiB: number;
  readonly system: string;
  readonly loadGenerator: string;
}

/** Throws if the benchmark can't run on this machine. */
export function mustFit({ serverCpu, loadCpu }: { readonly serverCpu: number; readonly loadCpu: number }): void {
  if (type() !== "Linux") throw new UsageError("CPU times are read from Linux' /proc");
  if (Bun.which("taskset") === null) throw new UsageError("taskset is needed (Debian: apt-get install util-linux)");
  if (serverCpu === loadCpu) throw new UsageError("the server and the load need a CPU each");
  if (Math.max(serverCpu, loadCpu) >= cpus().length) throw new UsageError("there is no such CPU, or only one");
}

/** The machine that this runs on. */
export function thisMachine(): Machine {
  return {
    cpu: cpus()[0]?.model ?? "unknown",
    cores: cpus().length,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    system: `${type()} ${release()}`,
    loadGenerator: `Bun ${Bun.version}`,
  };
}
