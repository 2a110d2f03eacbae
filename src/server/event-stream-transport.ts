import type { ServerResponse } from "node:http";
import type { Socket } from "node:net";
import type { Range } from "../core/range.ts";
import type { MessageSource, Outgoing, Transport, TransportKind } from "../core/transport.ts";
import type { CloseCode } from "../protocol/errors.ts";
import { encodeStreamEvent, STREAM_COMMENT } from "../protocol/event-stream.ts";
import type { StreamClose } from "../protocol/messages.ts";
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

/** Turns messages into events of a stream. */
export interface StreamFormat {
  readonly kind: TransportKind;
  encode(message: Outgoing): Buffer;
}

/** A stream of server-sent events under a session: the body of a response, which has no end and no chunks. */
export class EventStreamTransport implements Transport {
  readonly kind: TransportKind;
  // What is written is a text of its own.
  readonly readsLater = false;
  readonly #output: StreamOutput;
  readonly #format: StreamFormat;
  readonly #observer: StreamObserver;
  /** The rest of what is larger than a piece. */
  #rest: Buffer = NOTHING;
  #isOver = false;

  /** @param outgoing the response whose body the stream is; nothing else writes to it */
  constructor(outgoing: ServerResponse, socket: Socket, format: StreamFormat, observer: StreamObserver) {
    this.kind = format.kind;
    this.#format = format;
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

  /** Sends what the client gets first of all. */
  begin(preface: string): void {
    this.#output.write(preface);
  }

  write(source: MessageSource): boolean {
    while (this.bufferedBytes() === 0) {
      const message = source.next(PIECE_BYTES);
      if (message === undefined) return false;
      this.#rest = this.#format.encode(message);
      this.#sendRest();
    }
    return true;
  }

  writeEvents(range: Range): boolean {
    this.#rest = this.#format.encode(range);
    this.#sendRest();
    return this.bufferedBytes() > 0;
  }

  bufferedBytes(): number {
    return this.#rest.length + this.#output.unsentBytes;
  }

  /** A comment, which no page gets to see. There is no place for one within a message, and a full socket needs none. */
  ping(): void {
    if (this.bufferedBytes() === 0) this.#output.write(STREAM_COMMENT);
  }

  close(code: CloseCode, reason: string): void {
    const closing: StreamClose = { type: "close", code, reason };
    // There is no more than the rest of one piece.
    if (this.#rest.length > 0) this.#output.write(this.#rest);
    this.#output.write(encodeStreamEvent(JSON.stringify(closing), "close", undefined));
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
