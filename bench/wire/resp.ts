import type { Protocol } from "./protocol.ts";

/** Redis' protocol over plain TCP. */
export const resp: Protocol = {
  login: [],
  subscribe: (topic) => ({ send: command("SUBSCRIBE", topic), expect: "subscribe" }),
  publish: (topic, _id, payload) => command("PUBLISH", topic, payload),
  // PUBLISH is answered by the number of receivers, one line of its own.
  acknowledgement: "\r\n",
};

function command(...words: readonly string[]): Uint8Array {
  const parts = words.map((word) => `$${Buffer.byteLength(word)}\r\n${word}\r\n`);
  return Buffer.from(`*${words.length}\r\n${parts.join("")}`);
}
