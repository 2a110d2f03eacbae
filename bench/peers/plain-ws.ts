import { findOnNode, type NodeProgram, nodeCommand } from "./node.ts";
import type { Peer } from "./peer.ts";

/** A small server on the `ws` package that speaks Ringcast's protocol. */
export function plainWs(node: NodeProgram | undefined): Peer {
  return {
    name: "ws",
    keepsHistory: false,
    find: () => findOnNode("ws", node),
    command: ({ port }) => nodeCommand("plain-ws-server.ts", port, node),
  };
}
