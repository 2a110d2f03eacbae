import { centrifuge } from "./centrifuge.ts";
import { centrifugo } from "./centrifugo.ts";
import { nats } from "./nats.ts";
import type { Peer } from "./peer.ts";
import { plainWs } from "./plain-ws.ts";
import { redis } from "./redis.ts";
import { Ringcast } from "./ringcast.ts";
import { socketIo } from "./socket-io.ts";

/** All peers, in the order in which they take their turns. */
export function allPeers(ringcastProgram: string | undefined): readonly Peer[] {
  return [new Ringcast(ringcastProgram), redis, nats, centrifugo, centrifuge, socketIo, plainWs];
}
