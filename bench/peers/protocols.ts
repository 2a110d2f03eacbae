import type { PeerName } from "../scenario.ts";
import { centrifuge } from "../wire/centrifuge.ts";
import { jsonEnvelope } from "../wire/json-envelope.ts";
import { natsOverWebSocket } from "../wire/nats.ts";
import type { Protocol } from "../wire/protocol.ts";
import { resp } from "../wire/resp.ts";
import { ringcast } from "../wire/ringcast.ts";
import { socketIo } from "../wire/socket-io.ts";

/** How each peer is spoken to. */
export const protocols: Readonly<Record<PeerName, Protocol>> = {
  "ringcast-node": ringcast,
  "ringcast-bun": ringcast,
  "ringcast-before": ringcast,
  redis: resp,
  nats: natsOverWebSocket,
  centrifugo: centrifuge,
  centrifuge,
  "socket.io": socketIo,
  ws: jsonEnvelope,
};
