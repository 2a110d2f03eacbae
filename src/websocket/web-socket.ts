import { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { TLSSocket } from "node:tls";
import { CLOSE_CODE, closePayload, readClosePayload } from "./close.ts";
import { compress } from "./deflate.ts";
import { encodeFrame, OPCODE } from "./frame.ts";
import { FrameParser, type MessageHandler } from "./frame-parser.ts";
import { Violation } from "./violation.ts";

const DEFAULT_CLOSE_TIMEOUT_MS = 2000;
/** With more than this unsent, only the newest pong is kept (RFC 6455, section 5.5.3). */
const MAX_PONG_BACKLOG_BYTES = 4096;
const NO_PAYLOAD = Buffer.alloc(0);

export interface WebSocketOptions {
  /** The largest message, in bytes: of one frame, of all fragments together, and after decompression. */
  readonly maxMessageBytes: number;
  /** Whether permessage-deflate was agreed on. */
  readonly deflate: boolean;
  /** How long the peer may take for its part of the closing handshake, in milliseconds. Default: 2000. */
  readonly closeTimeoutMs?: number;
}

/**
 * What happens on a connection. An error that a method throws is passed to `failed`, and the connection is closed
 * with code 1011.
 */
export interface WebSocketHandler extends MessageHandler {
  /** A ping arrived. The pong is sent by the connection. */
  ping(): void;
  pong(): void;
  /** All complete frames of one chunk of input have been handed over, or those before one that broke a rule. */
  inputEnd(): void;
  /** The socket has taken everything that was written, after `bufferedBytes` was above 0. */
  drained(): void;
  /**
   * The connection is over: nothing is handed over or sent any more. Called exactly once, perhaps inside of a call of
   * another method. The code is that of the peer's close frame (1005: it had none); where this side failed the
   * connection, the code sent (1002, 1007, 1009, 1011); 1006 where no close frame came.
   */
  closed(code: number, reason: string): void;
  /** A method of this handler threw `error`. */
  failed(error: unknown): void;
}

/**
 * The server's side of a WebSocket connection (RFC 6455), after the handshake. It takes the socket over and ends it.
 */
export class WebSocketConnection {
  readonly #socket: Duplex;
  readonly #handler: WebSocketHandler;
  readonly #deflate: boolean;
  readonly #closeTimeoutMs: number;
  readonly #parser: FrameParser;
  readonly #onWritten = (): void => this.#written();
  /** A close frame was sent, or the socket has ended: nothing more may be written. */
  #isWriteEnded = false;
  #isClosed = false;
  #isBlocked = false;
  /** Whether no write is complete before the turn ends, as on TLS. */
  readonly #completesLater: boolean;
  #pendingPong: Buffer | undefined;
  #closeTimer: NodeJS.Timeout | undefined;

  /** `head` is the input that came with the handshake: the third argument of the `upgrade` event. */
  constructor(socket: Duplex, head: Buffer, options: WebSocketOptions, handler: WebSocketHandler) {
    this.#socket = socket;
    this.#handler = handler;
    this.#deflate = options.deflate;
    this.#completesLater = socket instanceof TLSSocket;
    this.#closeTimeoutMs = options.closeTimeoutMs ?? DEFAULT_CLOSE_TIMEOUT_MS;
    this.#parser = new FrameParser(options.maxMessageBytes, options.deflate, handler, (opcode, bytes, start, end) =>
      this.#control(opcode, bytes, start, end),
    );
    if (socket instanceof Socket) {
      socket.setNoDelay(true);
      socket.setTimeout(0);
    }
    socket.on("error", ignoreError);
    socket.on("close", () => this.#socketClosed());
    socket.on("end", () => this.#inputEnded());
    if (head.length > 0) socket.unshift(head);
    socket.on("data", (chunk: Buffer) => this.#input(chunk));
    // The client may have gone while the request was examined, so that the event is past.
    if (socket.destroyed) process.nextTick(() => this.#socketClosed());
  }

  /** Bytes that the operating system has not taken yet. */
  get bufferedBytes(): number {
    return this.#socket.writableLength;
  }

  /** Writes encoded frames as they are. They must not change until `bufferedBytes` is 0. Ignored once the connection is closing. */
  write(frames: Uint8Array): void {
    if (!this.#isWriteEnded) this.#send(frames);
  }

  /** Sends a text message, compressed where permessage-deflate was agreed on. */
  sendText(text: string): void {
    this.#sendMessage(OPCODE.TEXT, Buffer.from(text));
  }

  /** Sends a binary message, compressed where permessage-deflate was agreed on. The bytes are copied. */
  sendBinary(bytes: Uint8Array): void {
    this.#sendMessage(OPCODE.BINARY, bytes);
  }

  /** Sends an empty ping. */
  ping(): void {
    this.write(encodeFrame(OPCODE.PING, NO_PAYLOAD));
  }

  /**
   * Starts the closing handshake: sends a close frame behind what is buffered, waits for the peer's, and ends the
   * socket. Hands over no further message. Ignored if the connection is already closing. A reason of more than
   * 123 bytes is cut. Throws a RangeError for a code that must not be sent.
   */
  close(code: number, reason: string): void {
    const payload = closePayload(code, reason);
    if (this.#isWriteEnded) return;
    this.#sendClose(payload);
    this.#parser.mute();
  }

  /** Destroys the socket without a close frame. `closed` follows in a later turn. */
  terminate(): void {
    this.#isWriteEnded = true;
    this.#parser.stop();
    this.#socket.destroy();
  }

  #input(chunk: Buffer): void {
    if (this.#isClosed) return;
    try {
      this.#parser.push(chunk);
    } catch (error) {
      if (error instanceof Violation) this.#fail(error.code, error.message);
      else this.#handlerFailed(error);
    }
    try {
      this.#handler.inputEnd();
    } catch (error) {
      this.#handlerFailed(error);
    }
  }

  #control(opcode: number, bytes: Buffer, start: number, end: number): void {
    if (opcode === OPCODE.CLOSE) {
      this.#closeReceived(bytes, start, end);
    } else if (opcode === OPCODE.PING) {
      this.#answerPing(bytes.subarray(start, end));
      this.#handler.ping();
    } else {
      this.#handler.pong();
    }
  }

  #answerPing(payload: Buffer): void {
    if (this.#isWriteEnded) return;
    const pong = encodeFrame(OPCODE.PONG, payload);
    if (this.#socket.writableLength > MAX_PONG_BACKLOG_BYTES) this.#pendingPong = pong;
    else this.#send(pong);
  }

  #closeReceived(bytes: Buffer, start: number, end: number): void {
    const status = readClosePayload(bytes, start, end);
    if (!this.#isWriteEnded) this.#sendClose(bytes.subarray(start, end));
    this.#finish(status.code, status.reason);
  }

  /** _Fail the WebSocket Connection_ (RFC 6455, section 7.1.7). */
  #fail(code: number, reason: string): void {
    if (!this.#isWriteEnded) this.#sendClose(closePayload(code, reason));
    this.#finish(code, reason);
  }

  #handlerFailed(error: unknown): void {
    try {
      this.#handler.failed(error);
    } catch {
      // The report failed as well; the connection is closed all the same.
    }
    this.#fail(CLOSE_CODE.INTERNAL_ERROR, "internal error");
  }

  #sendMessage(opcode: number, payload: Uint8Array): void {
    this.write(encodeFrame(opcode, this.#deflate ? compress(payload) : payload, this.#deflate));
  }

  #send(frames: Uint8Array): void {
    if (this.#completesLater) {
      this.#socket.write(frames, this.#onWritten);
      this.#isBlocked = true;
      return;
    }
    // Without a callback, which would cost a tick for each write that the system takes at once.
    this.#socket.write(frames);
    if (this.#isBlocked || this.#socket.writableLength === 0) return;
    this.#isBlocked = true;
    this.#socket.write(NO_PAYLOAD, this.#onWritten);
  }

  #sendClose(payload: Buffer): void {
    this.#send(encodeFrame(OPCODE.CLOSE, payload));
    this.#isWriteEnded = true;
    this.#pendingPong = undefined;
    this.#startCloseTimer();
  }

  /** The writes are complete. `drain` events do not serve: a small write that blocks causes none. */
  #written(): void {
    // Node calls a write complete, too, that a reset of the connection has ended.
    if (!this.#isBlocked || this.#socket.destroyed) return;
    if (this.#socket.writableLength > 0) {
      // More was written meanwhile.
      if (!this.#completesLater && !this.#socket.writableEnded) this.#socket.write(NO_PAYLOAD, this.#onWritten);
      return;
    }
    this.#isBlocked = false;
    const pong = this.#pendingPong;
    this.#pendingPong = undefined;
    if (pong !== undefined && !this.#isWriteEnded) this.#send(pong);
    if (!this.#isBlocked && !this.#isOver()) this.#guarded(() => this.#handler.drained());
  }

  /** Whether nothing but `closed` and `inputEnd` may be called any more. */
  #isOver(): boolean {
    return this.#isClosed || this.#socket.destroyed;
  }

  /** Nothing more is sent or handed over: ends the socket and reports. What the peer still sends is discarded. */
  #finish(code: number, reason: string): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#isWriteEnded = true;
    this.#parser.stop();
    this.#startCloseTimer();
    if (!this.#socket.destroyed) this.#socket.end();
    this.#guarded(() => this.#handler.closed(code, reason));
  }

  #inputEnded(): void {
    this.#finish(CLOSE_CODE.ABNORMAL, "");
  }

  #socketClosed(): void {
    this.#finish(CLOSE_CODE.ABNORMAL, "");
    clearTimeout(this.#closeTimer);
  }

  #startCloseTimer(): void {
    this.#closeTimer ??= setTimeout(() => this.#socket.destroy(), this.#closeTimeoutMs).unref();
  }

  #guarded(call: () => void): void {
    try {
      call();
    } catch (error) {
      this.#handlerFailed(error);
    }
  }
}

function ignoreError(): void {
  // The event `close` follows every error.
}
