import { chmodSync, existsSync, mkdirSync, rmdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Directory } from "./directory.ts";

const V1 = "/sys/fs/cgroup/memory";
const V2 = "/sys/fs/cgroup";

/** A control group that bounds the memory of the processes in it (Linux, and only where the tests may make one). */
export class MemoryCgroup implements Disposable {
  /** The group that has the limit, and the one that takes processes: it itself, or one in it. */
  readonly #folder: string;
  readonly #innermost: string;

  private constructor(folder: string, innermost: string) {
    this.#folder = folder;
    this.#innermost = innermost;
  }

  /**
   * @param isNested whether processes are in a group without a limit, inside of the one that has it
   * @returns undefined where control groups can't be made here
   */
  static create(limitBytes: number, isNested = false): MemoryCgroup | undefined {
    const isV1 = existsSync(V1);
    const folder = join(isV1 ? V1 : V2, `ringcast-test-${process.pid}`);
    try {
      mkdirSync(folder);
      writeFileSync(join(folder, isV1 ? "memory.limit_in_bytes" : "memory.max"), String(limitBytes));
      const innermost = isNested ? join(folder, "inner") : folder;
      if (isNested) mkdirSync(innermost);
      return new MemoryCgroup(folder, innermost);
    } catch {
      return undefined;
    }
  }

  /** A command that runs another one in the group, as a script in a directory. */
  commandIn(directory: Directory, command: readonly string[]): string {
    const words = command.map((word) => `'${word}'`).join(" ");
    const processes = join(this.#innermost, "cgroup.procs");
    const path = directory.write("in-cgroup", `#!/bin/sh\necho $$ > '${processes}'\nexec ${words} "$@"\n`);
    chmodSync(path, 0o755);
    return path;
  }

  /** The processes in it must have ended. */
  [Symbol.dispose](): void {
    if (this.#innermost !== this.#folder) rmdirSync(this.#innermost);
    rmdirSync(this.#folder);
  }
}
