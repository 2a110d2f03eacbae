// Builds the SDK, `ringcast/client`: one JavaScript module for browsers, Node.js, Bun and Deno, and its types.
// Usage: node scripts/build-client.js [FOLDER], by default dist/client
import { execFileSync } from "node:child_process";
import { mkdir, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { build, stop } from "esbuild";

/** The text of the module. */
export async function clientModule(root) {
  const { outputFiles } = await build({
    absWorkingDir: root,
    entryPoints: [join(root, "src", "client", "index.ts")],
    write: false,
    bundle: true,
    minify: true,
    format: "esm",
    target: "es2022",
    logLevel: "warning",
  });
  return outputFiles[0].text;
}

async function main() {
  const root = join(dirname(fileURLToPath(import.meta.url)), "..");
  const folder = resolve(process.argv[2] ?? join(root, "dist", "client"));
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, "index.js"), await clientModule(root));
  await stop();
  const tsc = createRequire(import.meta.url).resolve("typescript/package.json");
  const words = [
    join(dirname(tsc), "bin", "tsc"),
    "--project",
    "tsconfig.client.json",
    "--outDir",
    join(folder, "types"),
  ];
  execFileSync(process.execPath, words, { cwd: root, stdio: "inherit" });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main();
