import { readFileSync } from "node:fs";
import { posix } from "node:path";

/** Where control groups are, and what the file with their memory limit is called (Linux, cgroups(7)). */
const VERSIONS = {
  1: { root: "/sys/fs/cgroup/memory", file: "memory.limit_in_bytes" },
  2: { root: "/sys/fs/cgroup", file: "memory.max" },
};

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}

/** The path of this process's control group below the root, and what version it is of. */
function ownGroup(list: string): { readonly path: string; readonly version: 1 | 2 } | undefined {
  const [, ofMemory] = /^\d+:(?:[^:]*,)?memory(?:,[^:]*)?:(.*)$/m.exec(list) ?? [];
  if (ofMemory !== undefined) return { path: ofMemory, version: 1 };
  const [, unified] = /^0::(.*)$/m.exec(list) ?? [];
  return unified === undefined ? undefined : { path: unified, version: 2 };
}

/**
 * The lowest memory limit of this process's control group and of those around it, in bytes: the runtime looks at the
 * innermost only. `Infinity` where there is none.
 * @param read reads a file; returns undefined where it can't be read
 */
export function cgroupMemoryLimit(read: (path: string) => string | undefined = readText): number {
  const group = ownGroup(read("/proc/self/cgroup") ?? "");
  if (group === undefined) return Number.POSITIVE_INFINITY;
  const { file, root } = VERSIONS[group.version];
  let lowest = Number.POSITIVE_INFINITY;
  for (let path = posix.join("/", group.path); ; path = posix.dirname(path)) {
    // "max" is no number.
    const limit = Number.parseInt(read(posix.join(root, path, file)) ?? "", 10);
    if (limit > 0) lowest = Math.min(lowest, limit);
    if (path === "/") return lowest;
  }
}
