import { findOnNode, nodeCommand } from "./node.ts";
import type { Peer } from "./peer.ts";

/** A small server on the `ws` package that speaks Ringcast's protocol. */
export const plainWs: Peer = {
  name: "ws",
  keepsHistory: false,
  find: () => findOnNode("ws"),
  command: ({ port }) => nodeCommand("plain-ws-server.ts", port),
};
