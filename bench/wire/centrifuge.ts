import type { Protocol } from "./protocol.ts";
import { textFrame, upgradeRequest } from "./websocket.ts";

/** The JSON protocol of Centrifugo and of the Centrifuge library inside it. */
export const centrifuge: Protocol = {
  login: [
    { send: upgradeRequest("/connection/websocket"), expect: " 101 " },
    { send: command({ connect: {} }), expect: '"connect":{' },
  ],
  subscribe: (topic) => ({ send: command({ subscribe: { channel: topic } }), expect: '"subscribe":{' }),
  publish: (topic, id, payload) => command({ publish: { channel: topic, data: { id, payload } } }),
  acknowledgement: '"publish":{',
  replay: (topic, _subscriber, count) => command({ history: { channel: topic, limit: count } }),
};

/** The id pairs a reply with its command. The load tells replies apart by their kind, so one id is enough. */
function command(body: object): Uint8Array {
  return textFrame(JSON.stringify({ id: 1, ...body }));
}
