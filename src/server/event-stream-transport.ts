import type { ServerResponse } from "node:http";
import type { Socket } from "node:net";
import type { LogOfRange, Range } from "../core/range.ts";
import type { MessageSource, Outgoing, Transport } from "../core/transport.ts";
import type { CloseCode } from "../protocol/errors.ts";
import {
  encodePosition,
  encodeRetry,
  encodeStreamEvent,
  joinPositions,
  STREAM_COMMENT,
  type StreamEventName,
} from "../protocol/event-stream.ts";
import { type StreamClose, serverMessageSchema } from "../protocol/messages.ts";
import type { Closing } from "./connections.ts";
import { StreamOutput } from "./stream-output.ts";

/** How many bytes are handed to the socket at a time: a slow client's progress shows no finer. */
const PIECE_BYTES = 64 * 1024;
const NOTHING = Buffer.alloc(0);

/** Receives the events of a stream. */
export interface StreamObserver {
  /** The socket takes more again. */
  drained(): void;
  /** The stream is gone. */
  gone(closing: Closing): void;
}

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

/** A stream of server-sent events under a session: the body of a response, which has no end and no chunks. */
export class EventStreamTransport implements Transport {
  readonly kind = "sse";
  // What is written is a text of its own.
  readonly readsLater = false;
  readonly #output: StreamOutput;
  readonly #observer: StreamObserver;
  /** Where the client stands in each topic once it has what was sent last. */
  readonly #positions: { readonly log: LogOfRange; offset: number }[] = [];
  /** The rest of what is larger than a piece. */
  #rest: Buffer = NOTHING;
  /** What goes before the first message. */
  #preface: string;
  #isOver = false;

  /**
   * @param outgoing the response whose body the stream is; nothing else writes to it
   * @param retryMs how long the client is to wait before it connects again
   */
  constructor(outgoing: ServerResponse, socket: Socket, retryMs: number, observer: StreamObserver) {
    this.#preface = encodeRetry(retryMs);
    this.#observer = observer;
    this.#output = new StreamOutput(outgoing, socket, {
      drained: () => this.#drained(),
      closed: () => this.abandon(),
    });
  }

  /** Bytes that the operating system has taken since the connection began. */
  get takenBytes(): number {
    return this.#output.takenBytes;
  }

  /** Notes where the client stands in a topic, before any event of it is sent. */
  track(log: LogOfRange, offset: number): void {
    this.#positions.push({ log, offset });
  }

  write(source: MessageSource): boolean {
    while (this.bufferedBytes() === 0) {
      const message = source.next(PIECE_BYTES);
      if (message === undefined) return false;
      this.#rest = this.#encode(message);
      this.#sendRest();
    }
    return true;
  }

  writeEvents(range: Range): boolean {
    this.#rest = this.#encodeRange(range);
    this.#sendRest();
    return this.bufferedBytes() > 0;
  }

  bufferedBytes(): number {
    return this.#rest.length + this.#output.unsentBytes;
  }

  /** A comment, which no page gets to see. There is no place for one within a message, and a full socket needs none. */
  ping(): void {
    if (this.bufferedBytes() === 0 && this.#preface === "") this.#output.write(STREAM_COMMENT);
  }

  close(code: CloseCode, reason: string): void {
    const closing: StreamClose = { type: "close", code, reason };
    // There is no more than the rest of one piece.
    if (this.#rest.length > 0) this.#output.write(this.#rest);
    this.#output.write(this.#prefaced(encodeStreamEvent(JSON.stringify(closing), "close", undefined)));
    this.#leave({ code, reason });
    this.#output.end();
  }

  terminate(): void {
    this.#output.reset();
    this.#leave({ code: 1006, reason: "cut off" });
  }

  /** Lets go of the response, on which nothing was sent yet. */
  abandon(): void {
    this.#leave({ code: 1006, reason: "" });
  }

  #leave(closing: Closing): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#rest = NOTHING;
    this.#observer.gone(closing);
  }

  #encode(message: Outgoing): Buffer {
    switch (message.kind) {
      case "events":
        return this.#encodeRange(message);
      case "text": {
        const name = nameOf(message.text);
        const id = name === "ack" ? this.#id() : undefined;
        return Buffer.from(this.#prefaced(encodeStreamEvent(message.text, name, id)));
      }
      case "replies":
        throw new Error("nobody publishes on an event stream");
    }
  }

  /** The first message of the stream is a text: events come behind the acks. */
  #prefaced(text: string): string {
    const prefaced = this.#preface + text;
    this.#preface = "";
    return prefaced;
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

  #sendRest(): void {
    while (this.#rest.length > 0 && this.#output.unsentBytes === 0) {
      const piece = this.#rest.length > PIECE_BYTES ? this.#rest.subarray(0, PIECE_BYTES) : this.#rest;
      this.#rest = piece === this.#rest ? NOTHING : this.#rest.subarray(PIECE_BYTES);
      this.#output.write(piece);
    }
  }

  #drained(): void {
    if (this.#isOver) return;
    this.#sendRest();
    if (this.bufferedBytes() === 0) this.#observer.drained();
  }
}
