import type { Outgoing } from "../core/outbox.ts";
import type { MessageSource, Transport } from "../core/transport.ts";
import type { CloseCode } from "../protocol/errors.ts";
import {
  encodePosition,
  encodeStreamEvent,
  joinPositions,
  STREAM_COMMENT,
  type StreamEventName,
} from "../protocol/event-stream.ts";
import { type Position, type StreamClose, serverMessageSchema } from "../protocol/messages.ts";
import type { Closing } from "./connections.ts";

/** What is handed to the socket at a time, in bytes or characters: a slow client's progress shows no finer. */
const PIECE_LENGTH = 64 * 1024;
/** What may wait until Bun begins to send, in characters: a replay, and the live events of a moment. */
const MAX_EARLY_LENGTH = 16 * 1024 * 1024;
const NOTHING = new Uint8Array();

/** Told of what happens to a stream. */
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

/**
 * A stream of server-sent events under a session. It stands on Bun's direct streams, whose `write` takes a text in any
 * case, and gives back a promise while the socket takes no more.
 */
export class EventStreamTransport implements Transport {
  readonly kind = "sse";
  readonly #observer: StreamObserver;
  readonly #topics = new Map<string, { readonly index: number; readonly epoch: string }>();
  /** Where the client stands in each topic once it has what was sent last. */
  readonly #positions: string[] = [];
  #controller: ReadableStreamDirectController | undefined;
  #finish: (() => void) | undefined;
  /** What was sent before Bun had begun to send. */
  #early: string;
  /** The rest of a message that is larger than a piece. */
  #rest: Uint8Array = NOTHING;
  /** The length of what the socket has not taken yet. */
  #inFlight = 0;
  /** Counts the times that the socket was full, to know the promise of the last one. */
  #fullCount = 0;
  #writtenBytes = 0;
  #isOver = false;

  /** @param preface what the client gets first of all */
  constructor(preface: string, observer: StreamObserver) {
    this.#early = preface;
    this.#observer = observer;
  }

  /** Bytes handed to the socket since the stream began. */
  get writtenBytes(): number {
    return this.#writtenBytes;
  }

  /** Notes where the client stands in a topic, before any event of it is sent. */
  track(topicName: string, position: Position): void {
    const index = this.#topics.get(topicName)?.index ?? this.#topics.size;
    this.#topics.set(topicName, { index, epoch: position.epoch });
    this.#positions[index] = encodePosition(position);
  }

  /** Makes the body of the answer. */
  body(): ReadableStream {
    const source: Bun.DirectUnderlyingSource = {
      type: "direct",
      pull: (controller) => this.#begin(controller),
      cancel: () => this.abandon(),
    };
    return new ReadableStream(source);
  }

  write(source: MessageSource): boolean {
    while (this.bufferedBytes() === 0) {
      const text = this.#gather(source);
      if (text === "") return false;
      this.#hand(text);
    }
    return true;
  }

  bufferedBytes(): number {
    const early = this.#early.length < MAX_EARLY_LENGTH ? 0 : this.#early.length;
    return early + this.#rest.length + this.#inFlight;
  }

  /** A comment, which no page gets to see. A full socket is made to try again, and asked whether it takes more now. */
  ping(): void {
    const controller = this.#controller;
    // Within a message there is no place for a comment.
    if (controller === undefined || this.#rest.length > 0) return;
    if (this.#inFlight === 0) {
      this.#send(controller, STREAM_COMMENT);
      return;
    }
    controller.write(STREAM_COMMENT);
    controller.flush();
    if (typeof controller.write(STREAM_COMMENT) === "number") this.#inFlight = 0;
  }

  close(code: CloseCode, reason: string): void {
    const closing: StreamClose = { type: "close", code, reason };
    const text = encodeStreamEvent(JSON.stringify(closing), "close", undefined);
    const controller = this.#controller;
    if (controller === undefined) {
      this.#early += text;
    } else {
      // Taken in any case: there is no more than the rest of one message.
      controller.write(this.#rest);
      controller.write(text);
      controller.end();
    }
    this.#leave({ code, reason });
  }

  terminate(): void {
    // An error is what makes Bun reset the connection; it goes no further.
    this.#controller?.close(new Error("the stream was cut off"));
    this.#leave({ code: 1006, reason: "cut off" });
  }

  /** Takes note that the client is gone. */
  abandon(): void {
    this.#leave({ code: 1006, reason: "" });
  }

  #leave(closing: Closing): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#rest = NOTHING;
    this.#finish?.();
    this.#observer.gone(closing);
  }

  /** Bun begins to send. The stream stays open while the promise is pending. */
  #begin(controller: ReadableStreamDirectController): Promise<void> | undefined {
    const early = this.#early;
    this.#early = "";
    if (this.#isOver) {
      controller.write(early);
      controller.end();
      return undefined;
    }
    this.#controller = controller;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#finish = resolve;
    this.#hand(early);
    if (this.bufferedBytes() === 0) this.#observer.drained();
    return promise;
  }

  /** The source's next messages as one text, until that is as long as a piece. */
  #gather(source: MessageSource): string {
    let text = "";
    while (text.length < PIECE_LENGTH) {
      const message = source.next();
      if (message === undefined) break;
      text += this.#encode(message);
    }
    return text;
  }

  #encode(message: Outgoing): string {
    if (typeof message === "string") {
      const name = nameOf(message);
      return encodeStreamEvent(message, name, name === "ack" ? joinPositions(this.#positions) : undefined);
    }
    const topic = this.#topics.get(message.topic.name);
    if (topic === undefined) throw new Error("an event of a topic that the stream does not follow");
    this.#positions[topic.index] = encodePosition({ epoch: topic.epoch, offset: message.offset });
    return encodeStreamEvent(message.text, undefined, joinPositions(this.#positions));
  }

  #hand(text: string): void {
    if (this.#controller === undefined) {
      this.#early += text;
    } else if (text.length <= PIECE_LENGTH) {
      this.#send(this.#controller, text);
    } else {
      // As bytes, so that no character is cut in two.
      this.#rest = Buffer.from(text);
      this.#sendRest(this.#controller);
    }
  }

  #sendRest(controller: ReadableStreamDirectController): void {
    while (this.#rest.length > 0 && this.#inFlight === 0) {
      const piece = this.#rest.subarray(0, PIECE_LENGTH);
      this.#rest = this.#rest.subarray(PIECE_LENGTH);
      this.#send(controller, piece);
    }
  }

  #send(controller: ReadableStreamDirectController, piece: string | Uint8Array): void {
    const taken = controller.write(piece);
    controller.flush();
    if (typeof taken === "number") {
      this.#writtenBytes += taken;
      return;
    }
    this.#writtenBytes += Buffer.byteLength(piece);
    this.#inFlight += piece.length;
    const turn = ++this.#fullCount;
    const onTaken = () => {
      if (turn === this.#fullCount) this.#taken(controller);
    };
    taken.then(onTaken, onTaken);
  }

  #taken(controller: ReadableStreamDirectController): void {
    if (this.#isOver) return;
    this.#inFlight = 0;
    this.#sendRest(controller);
    if (this.bufferedBytes() === 0) this.#observer.drained();
  }
}
