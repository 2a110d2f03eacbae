import { newestNode } from "../bench/peers/node.ts";
import { testInProcess } from "./client-suite/process.ts";

/** The first version that has a WebSocket of its own. */
const NEEDED = "22.0.0";
const node = newestNode();
const isThere = node !== undefined && Bun.semver.order(node.version, NEEDED) >= 0;

testInProcess(
  "node",
  [node?.path ?? "node", "--expose-gc"],
  isThere ? undefined : "it takes Node.js 22, on the PATH or by npm ci --prefix bench",
);
