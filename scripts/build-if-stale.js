import { existsSync, readdirSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const built = join(root, "dist", "ringcast.js");
/** What the build depends on. The last is what npm writes when it has installed packages. */
const SOURCES = ["src", "scripts", "package.json", join("node_modules", ".package-lock.json")];

/** Whether a file, or anything in a folder, is newer than a time. A folder itself is, when a file of it was removed. */
function isNewer(path, timeMs) {
  const about = statSync(path, { throwIfNoEntry: false });
  if (about === undefined) return false;
  if (about.mtimeMs > timeMs) return true;
  return about.isDirectory() && readdirSync(path).some((name) => isNewer(join(path, name), timeMs));
}

/** Whether there is no build, or one of older sources. */
export function isStale() {
  const about = statSync(built, { throwIfNoEntry: false });
  return about === undefined || SOURCES.some((name) => isNewer(join(root, name), about.mtimeMs));
}

/** Builds if that is needed, which takes about a second. Resolves with false, after saying why, where that fails. */
export async function buildIfStale() {
  if (!isStale()) return true;
  if (!existsSync(join(root, "node_modules", "esbuild"))) {
    process.stderr.write(`ringcast: dependencies are missing; run 'npm ci' in ${root} first\n`);
    return false;
  }
  try {
    const { buildAll } = await import("./build.js");
    await buildAll();
    return true;
  } catch (error) {
    process.stderr.write(`ringcast: the build failed: ${error.message}\n`);
    return false;
  }
}
