// Everything that must hold before a change lands, and what CI runs: format and lint, types, all tests. Each check runs
// even if an earlier one failed, so that one run shows all there is to fix.
// Usage: node scripts/check.js
import { spawnSync } from "node:child_process";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { installIfMissing } from "./install-if-missing.js";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const BIOME = "node_modules/@biomejs/biome/bin/biome";
const TSC = "node_modules/typescript/bin/tsc";
const CHECKS = {
  "format and lint": [[BIOME, "ci", ...(process.env.NO_COLOR ? ["--colors=off"] : []), "."]],
  types: [
    [TSC, "--noEmit"],
    [TSC, "--noEmit", "-p", "src/console"],
  ],
  tests: [["scripts/test.js"]],
};

for (const folder of [".", "bench"]) installIfMissing(folder);
const failed = [];
for (const [name, programs] of Object.entries(CHECKS)) {
  process.stdout.write(`check: ${name}\n`);
  const isPassed = programs.every((words) => {
    return spawnSync(process.execPath, words, { cwd: root, stdio: "inherit" }).status === 0;
  });
  if (!isPassed) failed.push(name);
}
if (failed.length > 0) {
  process.stderr.write(`check: failed: ${failed.join(", ")}\n`);
  process.exitCode = 1;
} else {
  process.stdout.write("check: all passed\n");
}
