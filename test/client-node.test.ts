import { testInProcess } from "./client-suite/process.ts";
import { newestNode, WEB_SOCKET_MAJOR } from "./support/newest-node.ts";

const node = newestNode();

testInProcess(
  "node",
  [node.path, "--expose-gc"],
  node.major >= WEB_SOCKET_MAJOR ? undefined : "it takes Node.js 22, on the PATH or by npm ci --prefix bench",
);
