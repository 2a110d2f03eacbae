import { findOnNode, nodeCommand } from "./node.ts";
import type { Peer } from "./peer.ts";

/** Socket.IO with rooms, on Node, over its WebSocket transport alone. */
export const socketIo: Peer = {
  name: "socket.io",
  keepsHistory: false,
  find: () => findOnNode("socket.io"),
  command: ({ port }) => nodeCommand("socket-io-server.ts", port),
};
