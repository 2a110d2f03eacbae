import type { Protocol } from "./protocol.ts";
import { textFrame, upgradeRequest } from "./websocket.ts";

/** Ringcast's JSON protocol over WebSocket, which the plain `ws` server speaks too. */
export const jsonEnvelope: Protocol = {
  login: [{ send: upgradeRequest("/ws"), expect: " 101 " }],
  subscribe: (topic, subscriber) => ({ send: subscribeFrame(topic, subscriber, 0), expect: '"type":"ack"' }),
  publish: (topic, id, payload) => textFrame(JSON.stringify({ type: "publish", topic, message: { id, payload } })),
  acknowledgement: '"type":"ack"',
  replay: subscribeFrame,
};

function subscribeFrame(topic: string, subscriber: string, lastN: number): Uint8Array {
  return textFrame(JSON.stringify({ type: "subscribe", topic, client_id: subscriber, last_n: lastN }));
}
