import { expect, test } from "vitest";
import { cgroupMemoryLimit } from "./cgroup-memory.ts";

function limitWith(files: Readonly<Record<string, string>>): number {
  return cgroupMemoryLimit((path) => files[path]);
}

test("the lowest limit counts, of the control group or of one around it (version 2)", () => {
  const files = {
    "/proc/self/cgroup": "0::/system.slice/ringcast.service\n",
    "/sys/fs/cgroup/system.slice/ringcast.service/memory.max": "max\n",
    "/sys/fs/cgroup/system.slice/memory.max": "201326592\n",
    "/sys/fs/cgroup/memory.max": "1073741824\n",
  };
  expect(limitWith(files)).toBe(201_326_592);
  const inner = "/sys/fs/cgroup/system.slice/ringcast.service/memory.max";
  expect(limitWith({ ...files, [inner]: "1000000\n" })).toBe(1_000_000);
});

test("in version 1 the group of the memory controller counts", () => {
  const files = {
    "/proc/self/cgroup": "5:cpu,cpuacct:/other\n4:memory:/a/b\n0::/\n",
    "/sys/fs/cgroup/memory/a/b/memory.limit_in_bytes": "9223372036854771712\n",
    "/sys/fs/cgroup/memory/a/memory.limit_in_bytes": "100000000\n",
  };
  expect(limitWith(files)).toBe(100_000_000);
});

test.each([
  ["no control groups", {}],
  ["files that can't be read", { "/proc/self/cgroup": "0::/../../outside\n" }],
  ["no limits", { "/proc/self/cgroup": "0::/\n", "/sys/fs/cgroup/memory.max": "max\n" }],
])("with %s there is no limit", (_, files) => {
  expect(limitWith(files)).toBe(Number.POSITIVE_INFINITY);
});
