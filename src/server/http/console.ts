import { basename } from "node:path";
import page from "../../console/index.html";
import type { HttpApp, HttpPorts } from "./context.ts";
import { madeOnce } from "./made-once.ts";

/** One file of the page, as browsers get it. */
interface Asset {
  readonly type: string;
  readonly plain: Uint8Array<ArrayBuffer>;
  readonly gzipped: Uint8Array<ArrayBuffer>;
}

const CONTENT_SECURITY_POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
const HEADERS = {
  "Content-Security-Policy": CONTENT_SECURITY_POLICY,
  "Referrer-Policy": "no-referrer",
  "X-Content-Type-Options": "nosniff",
  Vary: "Accept-Encoding",
};
/** The names of scripts and styles have their content's hash in them; the page's own has not. */
const FOR_EVER = "public, max-age=31536000, immutable";
const ASK_AGAIN = "no-cache";

/** What the page is made of, by file names: in the binary it is there ready made; from a checkout it is made now. */
async function files(): Promise<readonly { readonly name: string; readonly content: Blob }[]> {
  if (page.files !== undefined) {
    return page.files.map(({ path, headers }) => {
      return { name: basename(path), content: Bun.file(path, { type: headers["content-type"] }) };
    });
  }
  const { outputs } = await Bun.build({
    entrypoints: [page.index],
    minify: true,
    target: "browser",
    define: { "process.env.NODE_ENV": '"production"' },
  });
  return outputs.map((output) => ({ name: basename(output.path), content: output }));
}

/**
 * The page names its files from the root, or from its own folder, by how it was made. Nothing is painted before the
 * script has run, which knows the theme.
 */
function mended(html: string): string {
  return html
    .replaceAll(/(href|src)="\.?\/([^"/]+)"/g, '$1="$2"')
    .replaceAll(" crossorigin", "")
    .replace('<script type="module"', '<script type="module" blocking="render"');
}

async function load(): Promise<ReadonlyMap<string, Asset>> {
  const assets = new Map<string, Asset>();
  for (const { content, name } of await files()) {
    const isPage = name.endsWith(".html");
    const text = await content.text();
    const plain = new TextEncoder().encode(isPage ? mended(text) : text);
    assets.set(isPage ? "" : name, { type: content.type, plain, gzipped: Bun.gzipSync(plain, { level: 9 }) });
  }
  return assets;
}

/** Whether a path is one of the console's files, which everyone may read: what they show needs the key. */
export function isConsolePath(path: string): boolean {
  return path === "/" || path === "/console" || path.startsWith("/console/");
}

/** Whether a browser takes gzip; with a weight of 0 it says that it does not (RFC 9110, section 12.4.2). */
function takesGzip(acceptEncoding = ""): boolean {
  return /\bgzip\b(?!\s*;\s*q=0(?:\.0*)?\s*(?:,|$))/i.test(acceptEncoding);
}

/** Adds the console: the page, what it is made of, and what it must know before it has a key. */
export function addConsoleRoutes(app: HttpApp, { keys, version }: HttpPorts): void {
  // Made at the first visit: who never looks at it has no cost of it.
  const assets = madeOnce(load);
  app.get("/", (c) => c.redirect("/console/", 302));
  app.get("/console", (c) => c.redirect("/console/", 308));
  app.get("/console/config.json", () => Response.json({ version, key_needed: keys.holders.length > 0 }));
  app.get("/console/:file{.*}", async (c) => {
    const file = c.req.param("file");
    const asset = (await assets()).get(file);
    if (asset === undefined) return c.notFound();
    const isGzipped = takesGzip(c.req.header("accept-encoding"));
    return new Response(isGzipped ? asset.gzipped : asset.plain, {
      headers: {
        ...HEADERS,
        "Content-Type": asset.type,
        "Cache-Control": file === "" ? ASK_AGAIN : FOR_EVER,
        ...(isGzipped ? { "Content-Encoding": "gzip" } : {}),
      },
    });
  });
}
