import { describe, expect, test } from "vitest";
import { Directory } from "../../test/support/directory.ts";
import { cgroupMemoryLimit } from "./cgroup-memory.ts";

const V2_MOUNT = "31 23 0:28 / /sys/fs/cgroup rw,relatime shared:4 - cgroup2 cgroup2 rw,nsdelegate";
const V1_MOUNT = "35 31 0:32 / /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory";
const V1_UNLIMITED = "9223372036854771712\n";

/** The limit in a file system with these files. */
function limitWith(files: Record<string, string>): number {
  using directory = new Directory();
  for (const [path, content] of Object.entries(files)) directory.write(path, content);
  return cgroupMemoryLimit(directory.path);
}

describe("the memory limit of control groups", () => {
  test("of version 2 is the lowest of all levels", () => {
    const files = {
      "proc/self/cgroup": "0::/pod/server\n",
      "proc/self/mountinfo": `22 1 8:1 / / rw - ext4 /dev/sda1 rw\n${V2_MOUNT}\n`,
      "sys/fs/cgroup/pod/memory.max": "200000000\n",
      "sys/fs/cgroup/pod/server/memory.max": "max\n",
    };
    expect(limitWith(files)).toBe(200_000_000);
    expect(limitWith({ ...files, "sys/fs/cgroup/pod/server/memory.max": "300000000\n" })).toBe(200_000_000);
    expect(limitWith({ ...files, "sys/fs/cgroup/pod/server/memory.max": "100000000\n" })).toBe(100_000_000);
    expect(limitWith({ ...files, "sys/fs/cgroup/other/memory.max": "1000\n" })).toBe(200_000_000);
  });

  test("of version 1 is the lowest of all levels", () => {
    const files = {
      "proc/self/cgroup": "5:cpu,cpuacct:/elsewhere\n4:memory:/pod/server\n0::/\n",
      "proc/self/mountinfo": `${V1_MOUNT}\n38 31 0:41 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n`,
      "sys/fs/cgroup/memory/memory.limit_in_bytes": V1_UNLIMITED,
      "sys/fs/cgroup/memory/pod/memory.limit_in_bytes": "200000000\n",
      "sys/fs/cgroup/memory/pod/server/memory.limit_in_bytes": V1_UNLIMITED,
    };
    expect(limitWith(files)).toBe(200_000_000);
  });

  test("of version 1 counts outer groups that a container does not see", () => {
    const files = {
      "proc/self/cgroup": "4:memory:/pod/container\n",
      "proc/self/mountinfo": `${V1_MOUNT.replace(" / ", " /pod/container ")}\n`,
      "sys/fs/cgroup/memory/memory.limit_in_bytes": V1_UNLIMITED,
      "sys/fs/cgroup/memory/memory.stat": "cache 0\nhierarchical_memory_limit 150000000\nhierarchical_memsw_limit 7\n",
    };
    expect(limitWith(files)).toBe(150_000_000);
  });

  test("is that of the mounted group where the process's own one is not below it", () => {
    const mounted = { "sys/fs/cgroup/memory.max": "200000000\n", "sys/fs/cgroup/other/memory.max": "1000\n" };
    for (const group of ["/", "/../other", "/elsewhere"]) {
      const root = group === "/elsewhere" ? "/here" : "/";
      const mount = V2_MOUNT.replace(" / ", ` ${root} `);
      const proc = { "proc/self/cgroup": `0::${group}\n`, "proc/self/mountinfo": `${mount}\n` };
      expect(limitWith({ ...mounted, ...proc })).toBe(200_000_000);
    }
  });

  test("knows folders with blanks and colons in their names", () => {
    const files = {
      "proc/self/cgroup": "0::/a b:c\n",
      "proc/self/mountinfo": `${V2_MOUNT.replace("/sys/fs/cgroup", "/my\\040groups")}\n`,
      "my groups/a b:c/memory.max": "200000000\n",
    };
    expect(limitWith(files)).toBe(200_000_000);
  });

  test("is infinite where there are no groups, or none with a limit", () => {
    expect(limitWith({})).toBe(Number.POSITIVE_INFINITY);
    const unlimited = { "proc/self/cgroup": "0::/a\n", "proc/self/mountinfo": `${V2_MOUNT}\n` };
    expect(limitWith(unlimited)).toBe(Number.POSITIVE_INFINITY);
    expect(limitWith({ ...unlimited, "sys/fs/cgroup/a/memory.max": "max\n" })).toBe(Number.POSITIVE_INFINITY);
  });
});
