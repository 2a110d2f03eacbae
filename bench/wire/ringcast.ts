import { jsonEnvelope } from "./json-envelope.ts";
import type { Protocol } from "./protocol.ts";

/** Ringcast's JSON protocol over WebSocket, and its server-sent events over HTTP. */
export const ringcast: Protocol = {
  ...jsonEnvelope,
  eventStream: (topic) => ({ send: streamRequest(topic), expect: "event: ack" }),
};

function streamRequest(topic: string): Uint8Array {
  const lines = [`GET /topics/${topic}/events HTTP/1.1`, "Host: 127.0.0.1", "Accept: text/event-stream"];
  return Buffer.from(`${lines.join("\r\n")}\r\n\r\n`);
}
