import { readFileSync } from "node:fs";
import { join } from "node:path";

/** A memory hierarchy of control groups, as it is mounted. */
interface Mount {
  readonly isV2: boolean;
  /** Which group of the hierarchy its folder shows, and that folder. */
  readonly root: string;
  readonly folder: string;
}

/** The file that has a group's limit, by version of control groups. */
const LIMIT_FILE = { v1: "memory.limit_in_bytes", v2: "memory.max" } as const;

function readIfThere(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}

/** A limit as a file has it: a number of bytes, or anything else where there is none. */
function bytesOf(text: string | undefined): number {
  return text !== undefined && /^\d+$/.test(text) ? Number(text) : Number.POSITIVE_INFINITY;
}

/** The memory hierarchies in the text of /proc/self/mountinfo. */
function mountsIn(mountInfo: string): Mount[] {
  return mountInfo.split("\n").flatMap((line): Mount[] => {
    const [before = "", after = ""] = line.split(" - ");
    const [, , , root = "", folder = ""] = before.split(" ").map(unescapeOctal);
    const [type, , options = ""] = after.split(" ");
    const isV1 = type === "cgroup" && options.split(",").includes("memory");
    return isV1 || type === "cgroup2" ? [{ isV2: !isV1, root, folder }] : [];
  });
}

/** Blanks and the like stand as `\040` in mountinfo. */
function unescapeOctal(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_, digits) => String.fromCharCode(Number.parseInt(digits, 8)));
}

/** The path of this process's group in the text of /proc/self/cgroup, which has lines such as `4:memory:/a/b` and `0::/a`. */
function groupIn(cgroup: string, isV2: boolean): string | undefined {
  for (const line of cgroup.split("\n")) {
    const [, id = "", controllers = "", path] = /^(\d+):([^:]*):(.*)$/.exec(line) ?? [];
    if (isV2 ? id === "0" && controllers === "" : controllers.split(",").includes("memory")) return path;
  }
  return undefined;
}

/** The names on the way from the group that a mount shows to another one; none where the mount does not show that one. */
function namesBelow(root: string, group: string): string[] {
  const [above, names] = [root, group].map((path) => path.split("/").filter((name) => name !== ""));
  if (above === undefined || names === undefined || names.includes("..")) return [];
  return above.every((name, i) => name === names[i]) ? names.slice(above.length) : [];
}

/** The lowest limit of a group and of those around it, as far as they are mounted. */
function lowestLimit(system: string, { folder, isV2, root }: Mount, group: string): number {
  const top = join(system, folder);
  const names = namesBelow(root, group);
  let lowest = Number.POSITIVE_INFINITY;
  for (let depth = 0; depth <= names.length; depth++) {
    const file = join(top, ...names.slice(0, depth), isV2 ? LIMIT_FILE.v2 : LIMIT_FILE.v1);
    lowest = Math.min(lowest, bytesOf(readIfThere(file).trim()));
  }
  // The kernel's own result, which also knows groups that are not mounted here.
  const stat = isV2 ? "" : readIfThere(join(top, ...names, "memory.stat"));
  return Math.min(lowest, bytesOf(/^hierarchical_memory_limit (\d+)$/m.exec(stat)?.[1]));
}

/**
 * The memory that control groups leave to this process (Linux, versions 1 and 2): the lowest limit of its group and of all
 * groups around that; `Infinity` where there is none.
 * @param system the root of the file system, for tests
 */
export function cgroupMemoryLimit(system = "/"): number {
  const cgroup = readIfThere(join(system, "proc/self/cgroup"));
  const limits = mountsIn(readIfThere(join(system, "proc/self/mountinfo"))).map((mount) => {
    const group = groupIn(cgroup, mount.isV2);
    return group === undefined ? Number.POSITIVE_INFINITY : lowestLimit(system, mount, group);
  });
  return Math.min(...limits);
}
