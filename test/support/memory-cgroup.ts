import { existsSync, mkdirSync, rmdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const V1 = "/sys/fs/cgroup/memory";
const V2 = "/sys/fs/cgroup";

/** A control group that bounds the memory of the processes in it (Linux, and only where the tests may make one). */
export class MemoryCgroup implements Disposable {
  readonly #folder: string;

  private constructor(folder: string) {
    this.#folder = folder;
  }

  /** @returns undefined where control groups can't be made here */
  static create(limitBytes: number): MemoryCgroup | undefined {
    const isV1 = existsSync(V1);
    const folder = join(isV1 ? V1 : V2, `ringcast-test-${process.pid}`);
    try {
      mkdirSync(folder);
      writeFileSync(join(folder, isV1 ? "memory.limit_in_bytes" : "memory.max"), String(limitBytes));
      return new MemoryCgroup(folder);
    } catch {
      return undefined;
    }
  }

  /** The file that takes a process in which writes its id there. */
  get processesFile(): string {
    return join(this.#folder, "cgroup.procs");
  }

  /** The processes in it must have ended. */
  [Symbol.dispose](): void {
    rmdirSync(this.#folder);
  }
}
