// Installs packages where they are missing or older than their lock file, so that a fresh clone needs no other command.
// Usage: node scripts/install-if-missing.js [FOLDER ...], by default the checkout itself
import { spawnSync } from "node:child_process";
import { existsSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");

function isInstalled(folder) {
  if (!existsSync(join(folder, "node_modules"))) return false;
  const installed = statSync(join(folder, "node_modules", ".package-lock.json"), { throwIfNoEntry: false });
  // Bun writes no such file when it installs: there is nothing to compare.
  return installed === undefined || installed.mtimeMs >= statSync(join(folder, "package-lock.json")).mtimeMs;
}

/** Runs npm, its output on standard error; returns the exit code. */
function npm(words, folder) {
  const script = process.env.npm_execpath ?? "";
  const options = { cwd: folder, stdio: ["ignore", 2, 2] };
  const { error, status } = script.endsWith(".js")
    ? spawnSync(process.execPath, [script, ...words], options)
    : spawnSync("npm", words, { ...options, shell: process.platform === "win32" });
  if (error !== undefined) process.stderr.write(`ringcast: npm can't be run: ${error.message}\n`);
  return status ?? 1;
}

/**
 * Installs what is missing in a folder of the checkout; ends the process where that fails.
 * @param folder its path from the root of the checkout
 */
export function installIfMissing(folder = ".") {
  const path = join(root, folder);
  if (isInstalled(path)) return;
  process.stderr.write("ringcast: installing dependencies (once) ...\n");
  const status = npm(["ci", "--include=dev", "--no-audit", "--no-fund"], path);
  if (status !== 0) process.exit(status);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const folder of process.argv.length > 2 ? process.argv.slice(2) : ["."]) installIfMissing(folder);
}
