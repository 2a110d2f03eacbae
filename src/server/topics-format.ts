import type { LogOfRange, Range } from "../core/range.ts";
import type { Outgoing } from "../core/transport.ts";
import { encodePosition, encodeStreamEvent, joinPositions, type StreamEventName } from "../protocol/event-stream.ts";
import { serverMessageSchema } from "../protocol/messages.ts";
import type { StreamFormat } from "./event-stream-transport.ts";

/** The name of what is no event of a topic. A loss is a gap, whether a queue overflowed or a client came back too late. */
function nameOf(text: string): StreamEventName {
  const message = serverMessageSchema.parse(JSON.parse(text));
  if (message.type === "error") return "failure";
  if (message.type !== "info") return "ack";
  return message.info.code === "MESSAGES_DROPPED" || message.info.code === "MESSAGES_MISSED" ? "gap" : "info";
}

/** The events of a range as a stream of that topic alone: made once for all such streams. */
function encodeAlone(range: Range): Buffer {
  const { epoch } = range.log;
  return encodeEvents(range, (offset) => encodePosition({ epoch, offset }));
}

function encodeEvents(range: Range, idAt: (offset: number) => string): Buffer {
  let text = "";
  range.forEachEvent((bytes, start, end, offset) => {
    text += encodeStreamEvent(bytes.toString("utf8", start, end), undefined, idAt(offset));
  });
  return Buffer.from(text);
}

/** What subscribers by server-sent events get: messages under names, and ids from which they can resume. */
export class TopicsFormat implements StreamFormat {
  readonly kind = "sse";
  /** Where the client stands in each topic once it has what was sent last. */
  readonly #positions: { readonly log: LogOfRange; offset: number }[] = [];

  /** Notes where the client stands in a topic, before any event of it is sent. */
  track(log: LogOfRange, offset: number): void {
    this.#positions.push({ log, offset });
  }

  encode(message: Outgoing): Buffer {
    switch (message.kind) {
      case "events":
        return this.#encodeRange(message);
      case "text": {
        const name = nameOf(message.text);
        return Buffer.from(encodeStreamEvent(message.text, name, name === "ack" ? this.#id() : undefined));
      }
      case "replies":
        throw new Error("nobody publishes on an event stream");
    }
  }

  #encodeRange(range: Range): Buffer {
    const position = this.#positions.find(({ log }) => log === range.log);
    if (position === undefined) throw new Error("an event of a topic that the stream does not follow");
    if (this.#positions.length === 1) {
      position.offset = range.toOffset;
      return range.encodedBy(encodeAlone);
    }
    return encodeEvents(range, (offset) => {
      position.offset = offset;
      return this.#id();
    });
  }

  /** What a client presents that got as far as this. */
  #id(): string {
    return joinPositions(this.#positions.map(({ log, offset }) => encodePosition({ epoch: log.epoch, offset })));
  }
}
