// Builds what runs: the server and the command as one module, what browsers load from it, and the SDK, into `dist`.
// Usage: node scripts/build.js
import { mkdir, rename, rm, utimes, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build, stop } from "esbuild";
import { assetsModule } from "./build-assets.js";
import { clientModules } from "./build-client.js";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const dist = join(root, "dist");

/** How the server and the command are bundled, also for the single executable. */
export const BUNDLE = {
  absWorkingDir: root,
  entryPoints: [join(root, "src", "main.ts")],
  bundle: true,
  platform: "node",
  target: "node20",
  minifyWhitespace: true,
  minifySyntax: true,
  // Node.js prints the line of an uncaught exception.
  lineLimit: 160,
  legalComments: "none",
  logLevel: "warning",
};

/** The bundle; it loads the assets from the file beside it when they are first needed. */
async function serverModule() {
  const { outputFiles } = await build({
    ...BUNDLE,
    outfile: join(dist, "ringcast.js"),
    write: false,
    format: "esm",
    sourcemap: "linked",
    sourcesContent: false,
    // Some packages are CommonJS, and require what Node.js has.
    banner: { js: 'import{createRequire}from"node:module";const require=createRequire(import.meta.url);' },
    alias: { "#assets": "./assets.js" },
    external: ["./assets.js"],
  });
  return Object.fromEntries(outputFiles.map(({ path, text }) => [path.slice(dist.length + 1), text]));
}

/** Replaces files one by one, so that a start in the meantime finds either the old file or the new one. */
async function write(files, builtAt) {
  for (const [name, text] of Object.entries(files)) {
    const path = join(dist, name);
    const unfinished = `${path}.${process.pid}`;
    await mkdir(dirname(path), { recursive: true });
    try {
      await writeFile(unfinished, text);
      // A source that changes while it is built is newer than what is built of it.
      await utimes(unfinished, builtAt, builtAt);
      await rename(unfinished, path);
    } finally {
      await rm(unfinished, { force: true });
    }
  }
}

/** Builds everything. Rejects where the source can't be built; what is wrong with it is on standard error then. */
export async function buildAll() {
  const builtAt = new Date();
  try {
    const [server, assets, client] = await Promise.all([serverModule(), assetsModule(root), clientModules(root)]);
    // What tells whether the build is stale comes last.
    const sdk = Object.fromEntries(Object.entries(client).map(([name, text]) => [`client/${name}`, text]));
    await write({ ...sdk, "assets.js": assets, ...server }, builtAt);
  } finally {
    // Else its process stays as long as this one, which may go on as the server.
    await stop();
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await buildAll().catch((error) => {
    // What is wrong with the source has been printed.
    if (!("errors" in error)) throw error;
    process.exitCode = 1;
  });
}
