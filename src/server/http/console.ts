import { assetResponse, loadAssets } from "./assets.ts";
import type { HttpApp, HttpPorts } from "./context.ts";
import { madeOnce } from "./made-once.ts";

const CONTENT_SECURITY_POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
const HEADERS = {
  "Content-Security-Policy": CONTENT_SECURITY_POLICY,
  "Referrer-Policy": "no-referrer",
  "X-Content-Type-Options": "nosniff",
};
/** The names of scripts and styles contain a hash of their content; the page's own does not. */
const FOREVER = "public, max-age=31536000, immutable";
const REVALIDATE = "no-cache";

/** Whether a path is one of the console's files, which everyone may read: the data that they show needs the key. */
export function isConsolePath(path: string): boolean {
  return path === "/" || path === "/console" || path.startsWith("/console/");
}

/** Adds the console: the page, its files, and what it must know before it has a key. */
export function addConsoleRoutes(app: HttpApp, { keys, version }: HttpPorts): void {
  // Loaded at the first visit, so that a server whose console nobody opens does not pay for it.
  const assets = madeOnce(() => loadAssets("console"));
  app.get("/", (c) => c.redirect("/console/", 302));
  app.get("/console", (c) => c.redirect("/console/", 308));
  app.get("/console/config.json", () => Response.json({ version, key_needed: keys.holders.length > 0 }));
  app.get("/console/:file{.*}", async (c) => {
    const name = c.req.param("file");
    const asset = (await assets()).get(name);
    if (asset === undefined) return c.notFound();
    const cacheControl = name === "" ? REVALIDATE : FOREVER;
    return assetResponse(asset, c.req.header("accept-encoding"), { ...HEADERS, "Cache-Control": cacheControl });
  });
}
