import { findOnNode, type NodeProgram, nodeCommand } from "./node.ts";
import type { Peer } from "./peer.ts";

/** Socket.IO with rooms, on Node, over its WebSocket transport alone. */
export function socketIo(node: NodeProgram | undefined): Peer {
  return {
    name: "socket.io",
    keepsHistory: false,
    find: () => findOnNode("socket.io", node),
    command: ({ port }) => nodeCommand("socket-io-server.ts", port, node),
  };
}
