// Builds the SDK with its types: `ringcast/client` for browsers, Node.js, Bun and Deno, one JavaScript module and a second
// one, which the first loads where WebSockets fail; `ringcast/server` for back ends; and `ringcast/react`, hooks.
// Usage: node scripts/build-client.js [FOLDER], by default dist/client
import { execFileSync } from "node:child_process";
import { mkdir, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { basename, dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { build, stop } from "esbuild";

/** The texts of the modules, by file name. */
export async function clientModules(root) {
  const options = {
    absWorkingDir: root,
    outdir: join(root, "dist", "client"),
    write: false,
    bundle: true,
    format: "esm",
    target: "es2022",
    logLevel: "warning",
  };
  const entries = ["index", "http-socket"].map((name) => join(root, "src", "client", `${name}.ts`));
  const client = await build({ ...options, entryPoints: entries, splitting: true, minify: true });
  // Its size matters to nobody, so that it stays readable.
  const server = await build({ ...options, entryPoints: { server: join(root, "src", "backend", "index.ts") } });
  const react = await build({
    ...options,
    entryPoints: { react: join(root, "src", "react", "index.ts") },
    external: ["react"],
    banner: { js: '"use client";' },
  });
  const files = [...client.outputFiles, ...server.outputFiles, ...react.outputFiles];
  return Object.fromEntries(files.map(({ path, text }) => [basename(path), text]));
}

async function main() {
  const root = join(dirname(fileURLToPath(import.meta.url)), "..");
  const folder = resolve(process.argv[2] ?? join(root, "dist", "client"));
  await mkdir(folder, { recursive: true });
  for (const [name, text] of Object.entries(await clientModules(root))) await writeFile(join(folder, name), text);
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
