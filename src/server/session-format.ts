import type { Range } from "../core/range.ts";
import type { EncodedReplies, Outgoing } from "../core/transport.ts";
import { encodeStreamEvent } from "../protocol/event-stream.ts";
import { forEachPayload } from "../websocket/frame.ts";
import type { StreamFormat } from "./event-stream-transport.ts";

/** A message: what a WebSocket would carry as one text frame. */
function encodeMessage(bytes: Buffer, start: number, end: number): string {
  return encodeStreamEvent(bytes.toString("utf8", start, end), undefined, undefined);
}

/** The events of a range: made once for all sessions. */
function encodeRange(range: Range): Buffer {
  let text = "";
  range.forEachEvent((bytes, start, end) => {
    text += encodeMessage(bytes, start, end);
  });
  return Buffer.from(text);
}

/** Replies are encoded as frames of WebSockets: those are taken apart again. */
function encodeReplies({ bytes, end, start }: EncodedReplies): Buffer {
  let text = "";
  forEachPayload(bytes, start, end, (payloadStart, payloadEnd) => {
    text += encodeMessage(bytes, payloadStart, payloadEnd);
  });
  return Buffer.from(text);
}

/** What clients get that have an event stream in place of a WebSocket: its messages, each as an event without a name. */
export const SESSION_FORMAT: StreamFormat = {
  kind: "http",
  encode(message: Outgoing): Buffer {
    switch (message.kind) {
      case "events":
        return message.encodedBy(encodeRange);
      case "replies":
        return encodeReplies(message);
      case "text":
        return Buffer.from(encodeStreamEvent(message.text, undefined, undefined));
    }
  },
};
