// What `npm test` runs: installs and builds what is missing, then runs the tests.
// Usage: node scripts/test.js [word ...], what `vitest run` takes; without any, all tests run, those of the benchmark too
import { spawnSync } from "node:child_process";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { buildIfStale } from "./build-if-stale.js";
import { installIfMissing } from "./install-if-missing.js";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");

for (const folder of [".", join("test", "react-18")]) installIfMissing(folder);
if (!(await buildIfStale())) process.exit(1);
const vitest = join(root, "node_modules", "vitest", "vitest.mjs");
const { status } = spawnSync(process.execPath, [vitest, "run", ...process.argv.slice(2)], {
  cwd: root,
  stdio: "inherit",
});
process.exit(status ?? 1);
