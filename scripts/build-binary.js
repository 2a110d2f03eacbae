// Builds one executable that holds everything, what browsers load included. It reads no .env, bunfig.toml, tsconfig.json
// or package.json of the folder in which it is started: configuration comes from flags and variables alone.
// Usage: node scripts/build-binary.js [FILE], by default dist/ringcast
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { build, stop } from "esbuild";
import { BUNDLE, buildAll } from "./build.js";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");

function works(bun) {
  return spawnSync(bun, ["--version"]).status === 0;
}

/** Bun's package first; where install scripts are turned off, only the package of this platform holds the program. */
function findBun() {
  const platforms = join(root, "node_modules", "@oven");
  const ofPlatform = readdirSync(platforms).flatMap((name) => {
    return ["bun", "bun.exe"].map((program) => join(platforms, name, "bin", program));
  });
  return [join(root, "node_modules", "bun", "bin", "bun.exe"), ...ofPlatform, "bun"].find(works);
}

async function main() {
  const file = resolve(process.argv[2] ?? join(root, "dist", "ringcast"));
  // Compiled ahead of time it starts in half the time; Bun can do that with CommonJS only.
  const folder = mkdtempSync(join(tmpdir(), "ringcast-build-"));
  try {
    await buildAll();
    const script = join(folder, "ringcast.cjs");
    await build({ ...BUNDLE, outfile: script, format: "cjs" });
    await stop();
    const bun = findBun();
    if (bun === undefined) throw new Error("Bun is missing; run 'npm ci' first");
    mkdirSync(dirname(file), { recursive: true });
    const untouched = ["dotenv", "bunfig", "tsconfig", "package-json"].map((name) => `--no-compile-autoload-${name}`);
    const words = ["build", "--compile", "--bytecode", "--format=cjs", ...untouched, script, "--outfile", file];
    const { status } = spawnSync(bun, words, { cwd: folder, stdio: "inherit" });
    process.exitCode = status ?? 1;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

await main();
