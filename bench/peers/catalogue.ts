import { UsageError } from "../usage-error.ts";
import { centrifuge } from "./centrifuge.ts";
import { centrifugo } from "./centrifugo.ts";
import { nats } from "./nats.ts";
import { newestNode, nodeAt } from "./node.ts";
import type { Peer } from "./peer.ts";
import { plainWs } from "./plain-ws.ts";
import { redis } from "./redis.ts";
import { type RingcastBuilds, ringcastPeers } from "./ringcast.ts";
import { socketIo } from "./socket-io.ts";

/** Which programs the peers run. */
export interface Programs extends RingcastBuilds {
  /** The Node.js that runs Ringcast, Socket.IO and ws; undefined: the newest at hand. */
  readonly node: string | undefined;
}

/** All peers, in the order in which they take their turns. Throws if the Node.js that was named does not run. */
export function allPeers(programs: Programs): readonly Peer[] {
  const node = programs.node === undefined ? newestNode() : nodeAt(programs.node);
  if (node === undefined && programs.node !== undefined) throw new UsageError(`--node: ${programs.node} does not run`);
  return [...ringcastPeers(programs, node), redis, nats, centrifugo, centrifuge, socketIo(node), plainWs(node)];
}
