import type { Protocol } from "./protocol.ts";
import { binaryFrame, upgradeRequest } from "./websocket.ts";

const OPTIONS = {
  verbose: false,
  pedantic: false,
  echo: true,
  headers: false,
  protocol: 1,
  lang: "bench",
  version: "1",
};

/** NATS' protocol inside WebSocket messages. */
export const natsOverWebSocket: Protocol = {
  login: [
    { send: upgradeRequest("/"), expect: "INFO {" },
    { send: binaryFrame(`CONNECT ${JSON.stringify(OPTIONS)}\r\nPING\r\n`), expect: "PONG\r\n" },
  ],
  // A subscription has no answer of its own, but commands are taken in order: the answer to a PING sent after it will do.
  subscribe: (topic) => ({ send: binaryFrame(`SUB ${topic} ${++subscription}\r\nPING\r\n`), expect: "PONG\r\n" }),
  publish: (topic, _id, payload) => binaryFrame(`PUB ${topic} ${Buffer.byteLength(payload)}\r\n${payload}\r\n`),
  acknowledgement: null,
};

/** Subscription ids must differ on one connection; here they differ on all. */
let subscription = 0;
