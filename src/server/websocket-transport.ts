import type { Duplex } from "node:stream";
import { TLSSocket } from "node:tls";
import type { Range } from "../core/range.ts";
import type { MessageSource, Outgoing, Transport } from "../core/transport.ts";
import type { CloseCode } from "../protocol/errors.ts";
import { compress } from "../websocket/deflate.ts";
import { encodeFrame, OPCODE } from "../websocket/frame.ts";
import type { WebSocketConnection } from "../websocket/web-socket.ts";
import type { Closing } from "./connections.ts";
import { slackBytesOf } from "./slack-bytes.ts";

/**
 * How many bytes of frames are handed to the socket at a time: a slow client's progress shows no finer. Half of
 * it was slower (docs/performance.md).
 */
const PIECE_BYTES = 128 * 1024;
/** How many bytes of small pieces are gathered into one write. */
const GATHER_BYTES = 64 * 1024;
/** A piece of this size or more is written from where it stands, without a copy. */
const LARGE_BYTES = GATHER_BYTES / 2;

/** Where small messages are gathered into one write; replaced when a socket has kept it. */
let gathered = Buffer.allocUnsafeSlow(GATHER_BYTES);

/** One WebSocket under a session. */
export class WebSocketTransport implements Transport {
  readonly kind = "websocket";
  readonly readsLater: boolean;
  readonly #socket: Duplex;
  readonly #webSocket: WebSocketConnection;
  readonly #compresses: boolean;
  readonly #slackBytes: number;
  #closing: Closing | undefined;

  /** @param compresses whether messages are compressed: the client agreed to that */
  constructor(socket: Duplex, webSocket: WebSocketConnection, compresses: boolean) {
    this.readsLater = socket instanceof TLSSocket;
    this.#socket = socket;
    this.#webSocket = webSocket;
    this.#compresses = compresses;
    this.#slackBytes = slackBytesOf(socket);
  }

  /** How this side has closed it; undefined while it has not. */
  get closing(): Closing | undefined {
    return this.#closing;
  }

  write(source: MessageSource): boolean {
    while (this.bufferedBytes() === 0) {
      const first = source.next(PIECE_BYTES);
      if (first === undefined) return false;
      const frames = this.#encode(first);
      const second = frames.length < LARGE_BYTES ? source.next(GATHER_BYTES - frames.length) : undefined;
      if (second === undefined) this.#webSocket.write(frames);
      else this.#writeGathered(frames, this.#encode(second), source);
    }
    return true;
  }

  writeEvents(range: Range): boolean {
    this.#webSocket.write(this.#encode(range));
    return this.bufferedBytes() > 0;
  }

  bufferedBytes(): number {
    const { writableLength } = this.#socket;
    return writableLength <= this.#slackBytes ? 0 : writableLength;
  }

  ping(): void {
    if (this.bufferedBytes() === 0) this.#webSocket.ping();
  }

  close(code: CloseCode, reason: string): void {
    this.#closing = { code, reason };
    this.#webSocket.close(code, reason);
  }

  terminate(): void {
    this.#webSocket.terminate();
  }

  /** Writes two pieces, and as many more as there is room for, in one piece. */
  #writeGathered(first: Buffer, second: Buffer, source: MessageSource): void {
    let length = first.copy(gathered, 0);
    let next: Buffer | undefined = second;
    while (next !== undefined && length + next.length <= GATHER_BYTES) {
      length += next.copy(gathered, length);
      const message = length < GATHER_BYTES ? source.next(GATHER_BYTES - length) : undefined;
      next = message && this.#encode(message);
    }
    this.#webSocket.write(gathered.subarray(0, length));
    // The system has not taken it whole: it must not change any more.
    if (this.#socket.writableLength > 0) gathered = Buffer.allocUnsafeSlow(GATHER_BYTES);
    if (next !== undefined) this.#webSocket.write(next);
  }

  #encode(message: Outgoing): Buffer {
    switch (message.kind) {
      case "events":
        return this.#compresses ? message.encodedBy(compressedFrames) : message.frames();
      case "replies":
        return message.bytes.subarray(message.start, message.end);
      case "text":
        return this.#compresses ? compressedFrame(Buffer.from(message.text)) : encodeText(message.text);
    }
  }
}

function encodeText(text: string): Buffer {
  return encodeFrame(OPCODE.TEXT, Buffer.from(text));
}

function compressedFrame(text: Buffer): Buffer {
  return encodeFrame(OPCODE.TEXT, compress(text), true);
}

/** The events of a range, each compressed by itself; made once for all subscribers that agreed on compression. */
function compressedFrames(range: Range): Buffer {
  const frames: Buffer[] = [];
  range.forEachEvent((bytes, start, end) => frames.push(compressedFrame(bytes.subarray(start, end))));
  return Buffer.concat(frames);
}
