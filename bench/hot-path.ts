// Measures what Ringcast's own code costs a publish, without sockets, on Node.js and on Bun.
// Usage: bun bench/hot-path.ts [--node=FILE], by default the newest Node.js at hand

import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { parseArgs } from "node:util";
import { build, stop } from "esbuild";
import { newestNode, nodeAt } from "./peers/node.ts";

const SOURCE = new URL("./hot-path/main.ts", import.meta.url).pathname;
const BUNDLE = new URL("./build/hot-path.mjs", import.meta.url).pathname;

function fail(why: string): never {
  process.stderr.write(`hot-path: ${why}\n`);
  process.exit(2);
}

const { values } = parseArgs({ options: { node: { type: "string" } } });
const node = values.node === undefined ? newestNode() : nodeAt(values.node);
if (node === undefined) fail(`${values.node ?? "node"} does not run`);
mkdirSync(dirname(BUNDLE), { recursive: true });
await build({
  entryPoints: [SOURCE],
  outfile: BUNDLE,
  bundle: true,
  platform: "node",
  target: "node20",
  format: "esm",
  logLevel: "warning",
});
await stop();
for (const executable of [node.path, process.execPath]) {
  const { exitCode } = Bun.spawnSync([executable, BUNDLE], { stdout: "inherit", stderr: "inherit" });
  if (exitCode !== 0) fail(`${executable} failed`);
}
