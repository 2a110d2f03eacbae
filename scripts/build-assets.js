import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { basename, dirname, extname, join } from "node:path";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";

const MEDIA_TYPES = {
  ".css": "text/css; charset=utf-8",
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".svg": "image/svg+xml",
};

/** A file as the server keeps it. */
function asset(name, content) {
  return { type: MEDIA_TYPES[extname(name)], gzipped: gzipSync(content, { level: 9 }).toString("base64") };
}

/** `main.js` as `main-0a1b2c3d.js`, so that browsers may keep it for ever. */
function hashedName(name, content) {
  const hash = createHash("sha256").update(content).digest("hex").slice(0, 8);
  return `${basename(name, extname(name))}-${hash}${extname(name)}`;
}

/** The console: one script, one style sheet, one icon, and the page that names them. */
async function consoleAssets(root) {
  const folder = join(root, "src", "console");
  const { outputFiles } = await build({
    absWorkingDir: root,
    entryPoints: [join(folder, "main.tsx")],
    outdir: folder,
    write: false,
    bundle: true,
    minify: true,
    format: "esm",
    target: "es2022",
    define: { "process.env.NODE_ENV": '"production"' },
    legalComments: "inline",
    logLevel: "warning",
  });
  const files = outputFiles.map(({ contents, path }) => ({ name: basename(path), content: Buffer.from(contents) }));
  files.push({ name: "icon.svg", content: await readFile(join(folder, "icon.svg")) });
  let page = await readFile(join(folder, "index.html"), "utf8");
  const assets = {};
  for (const { content, name } of files) {
    const hashed = hashedName(name, content);
    if (!page.includes(`"./${name}"`)) throw new Error(`src/console/index.html does not name ./${name}`);
    page = page.replace(`"./${name}"`, `"${hashed}"`);
    assets[hashed] = asset(name, content);
  }
  return { "": asset("index.html", page), ...assets };
}

/** Swagger UI, as its package has it. */
async function swaggerAssets() {
  const folder = dirname(createRequire(import.meta.url).resolve("swagger-ui-dist/package.json"));
  const assets = {};
  for (const name of ["swagger-ui.css", "swagger-ui-bundle.js"]) {
    assets[name] = asset(name, await readFile(join(folder, name)));
  }
  return assets;
}

/** The text of the module `#assets`: all files that browsers load from the server. */
export async function assetsModule(root) {
  const assets = { console: await consoleAssets(root), swagger: await swaggerAssets() };
  return `export const assets = ${JSON.stringify(assets)};\n`;
}
