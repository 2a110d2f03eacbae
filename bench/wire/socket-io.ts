import type { Protocol } from "./protocol.ts";
import { textFrame, upgradeRequest } from "./websocket.ts";

// An Engine.IO message is the digit 4, a Socket.IO event inside it the digit 2; an event that wants an answer carries a
// number after that, and the answer is the digit 3 with the same number.
const EVENT = "42";
const EVENT_TO_ANSWER = "420";
const ANSWER = "430";

/** Socket.IO's packets over its WebSocket transport alone. */
export const socketIo: Protocol = {
  login: [
    { send: upgradeRequest("/socket.io/?EIO=4&transport=websocket"), expect: '0{"sid"' },
    { send: textFrame("40"), expect: '40{"sid"' },
  ],
  subscribe: (topic) => ({
    send: textFrame(EVENT_TO_ANSWER + JSON.stringify(["subscribe", topic])),
    expect: ANSWER,
  }),
  publish: (topic, id, payload) => textFrame(EVENT + JSON.stringify(["publish", topic, { id, payload }])),
  acknowledgement: null,
};
