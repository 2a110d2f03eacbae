import { isUtf8 } from "node:buffer";
import { CLOSE_CODE } from "./close.ts";
import { maxCompressedBytes } from "./deflate.ts";
import { MAX_CONTROL_BYTES, OPCODE } from "./frame.ts";
import { inflateMessage, invalidText, MessageAssembly } from "./message-assembly.ts";
import { unmask } from "./unmask.ts";
import { Violation } from "./violation.ts";

/** Receives messages. The bytes are valid only during the call. */
export interface MessageHandler {
  /** A whole text message, valid UTF-8, from `start` to `end`. */
  text(bytes: Buffer, start: number, end: number): void;
  /** A whole binary message, from `start` to `end`. */
  binary(bytes: Buffer, start: number, end: number): void;
  /** A frame that does not complete its message, perhaps an empty one. For accounting: a message may have any number. */
  fragment(): void;
}

/** Receives the unmasked payload of a control frame. The bytes are valid only during the call. */
export type ControlHandler = (opcode: number, bytes: Buffer, start: number, end: number) => void;

/** A data frame whose payload has not arrived completely. */
interface PartialFrame {
  readonly isFinal: boolean;
  readonly key: Buffer;
  readonly length: number;
  received: number;
}

const FIN = 0x80;
const RSV1 = 0x40;
const RSV2_AND_RSV3 = 0x30;
const CONTROL = 0x08;
const MASKED = 0x80;
const FINAL_TEXT = FIN | OPCODE.TEXT;
const KEY_BYTES = 4;
/** The frame at hand needs more input before anything can be done with it. */
const INCOMPLETE = -1;

/**
 * Parses the frames that a client sends (RFC 6455, section 5). A message that lies in one frame and in one chunk of
 * input is unmasked and handed over in place; any other is assembled in memory of at most `maxMessageBytes`.
 */
export class FrameParser {
  readonly #maxMessageBytes: number;
  readonly #allowsDeflate: boolean;
  readonly #messages: MessageHandler;
  readonly #control: ControlHandler;
  /** An incomplete frame header or control frame: at most 130 bytes. */
  #rest: Buffer | undefined;
  #assembly: MessageAssembly | undefined;
  #partialFrame: PartialFrame | undefined;
  #isMuted = false;
  #isStopped = false;

  constructor(maxMessageBytes: number, allowsDeflate: boolean, messages: MessageHandler, control: ControlHandler) {
    this.#maxMessageBytes = maxMessageBytes;
    this.#allowsDeflate = allowsDeflate;
    this.#messages = messages;
    this.#control = control;
  }

  /** Hands over no further message. Control frames are still handed over, and the rules still hold. */
  mute(): void {
    this.#isMuted = true;
  }

  /** Ignores all further input, the rest of the current chunk included, and releases memory. */
  stop(): void {
    this.#isStopped = true;
    this.#rest = undefined;
    this.#assembly = undefined;
    this.#partialFrame = undefined;
  }

  /**
   * Takes a chunk of input and overwrites it. Throws a `Violation` where the peer breaks a rule or a limit: 1002, 1007
   * or 1009; no more input may follow. Errors of the handlers pass through.
   */
  push(chunk: Buffer): void {
    if (this.#isStopped) return;
    const bytes = this.#rest === undefined ? chunk : Buffer.concat([this.#rest, chunk]);
    this.#rest = undefined;
    let at = this.#partialFrame === undefined ? 0 : this.#continuePartialFrame(this.#partialFrame, bytes);
    while (at < bytes.length && !this.#isStopped) {
      const next = this.#readFrame(bytes, at);
      if (next === INCOMPLETE) {
        this.#rest = copyOf(bytes, at, bytes.length);
        return;
      }
      at = next;
    }
  }

  /** Reads the frame that starts at `at`. Returns the index behind what it has used, or `INCOMPLETE`. */
  #readFrame(bytes: Buffer, at: number): number {
    const available = bytes.length - at;
    if (available < 2) return INCOMPLETE;
    const first = bytes[at] ?? 0;
    const second = bytes[at + 1] ?? 0;
    if (first !== FINAL_TEXT || second < MASKED || this.#assembly !== undefined) this.#checkHeader(first, second);
    let length = second & 0x7f;
    let key = at + 2;
    if (length === 126) {
      if (available < 4) return INCOMPLETE;
      length = ((bytes[at + 2] ?? 0) << 8) | (bytes[at + 3] ?? 0);
      key = at + 4;
    } else if (length === 127) {
      if (available < 10) return INCOMPLETE;
      length = bytes.readUInt32BE(at + 2) * 2 ** 32 + bytes.readUInt32BE(at + 6);
      key = at + 10;
    }
    const start = key + KEY_BYTES;
    const end = start + length;
    if ((first & CONTROL) !== 0) return this.#readControlFrame(bytes, first & 0x0f, key, end);
    this.#checkLength(first, length);
    if (start > bytes.length) return INCOMPLETE;
    if (end > bytes.length) return this.#beginPartialFrame(bytes, first, key, length);
    const isAscii = unmask(bytes, start, end, bytes, key, 0);
    if (this.#assembly === undefined && first >= FIN) this.#deliverFrame(first, bytes, start, end, isAscii);
    else this.#addFragment(first, bytes, start, end, isAscii);
    return end;
  }

  /** The rules that the first two bytes of a header can break (RFC 6455, sections 5.2 to 5.5; RFC 7692, section 6). */
  #checkHeader(first: number, second: number): void {
    const opcode = first & 0x0f;
    const isDataStart = opcode === OPCODE.TEXT || opcode === OPCODE.BINARY;
    if ((first & RSV2_AND_RSV3) !== 0) throw protocolError("reserved bit set");
    if ((first & RSV1) !== 0 && !(this.#allowsDeflate && isDataStart)) throw protocolError("reserved bit set");
    if (second < MASKED) throw protocolError("frame is not masked");
    if (isDataStart) {
      if (this.#assembly !== undefined) throw protocolError("message starts inside of another message");
    } else if (opcode === OPCODE.CONTINUATION) {
      if (this.#assembly === undefined) throw protocolError("continuation without a message");
    } else if (opcode === OPCODE.CLOSE || opcode === OPCODE.PING || opcode === OPCODE.PONG) {
      if (first < FIN) throw protocolError("fragmented control frame");
      if ((second & 0x7f) > MAX_CONTROL_BYTES) throw protocolError("control frame is too long");
      if (opcode === OPCODE.CLOSE && (second & 0x7f) === 1) throw protocolError("close frame with half a code");
    } else throw protocolError("unknown opcode");
  }

  /** Refuses a message at the frame header that takes it above the limit. */
  #checkLength(first: number, length: number): void {
    const assembly = this.#assembly;
    const isCompressed = assembly === undefined ? (first & RSV1) !== 0 : assembly.isCompressed;
    const limit = isCompressed ? maxCompressedBytes(this.#maxMessageBytes) : this.#maxMessageBytes;
    const before = assembly === undefined ? 0 : assembly.length;
    if (length > limit - before) throw new Violation(CLOSE_CODE.TOO_BIG, "message is too big");
  }

  #readControlFrame(bytes: Buffer, opcode: number, key: number, end: number): number {
    if (end > bytes.length) return INCOMPLETE;
    unmask(bytes, key + KEY_BYTES, end, bytes, key, 0);
    this.#control(opcode, bytes, key + KEY_BYTES, end);
    return end;
  }

  /** A message in one frame that lies in one chunk. */
  #deliverFrame(first: number, bytes: Buffer, start: number, end: number, isAscii: boolean): void {
    const isText = (first & 0x0f) === OPCODE.TEXT;
    if ((first & RSV1) !== 0) {
      const message = inflateMessage(bytes.subarray(start, end), isText, this.#maxMessageBytes);
      this.#deliver(isText, message, 0, message.length);
      return;
    }
    if (isText && !isAscii && !isUtf8(bytes.subarray(start, end))) throw invalidText();
    this.#deliver(isText, bytes, start, end);
  }

  /** A frame of a fragmented message that lies in one chunk. */
  #addFragment(first: number, bytes: Buffer, start: number, end: number, isAscii: boolean): void {
    const assembly = this.#assemblyFor(first);
    assembly.append(bytes, start, end, isAscii, assembly.length + end - start);
    this.#endFrame(assembly, first >= FIN);
  }

  /** The assembly of the message that a data frame belongs to; the first frame of a message starts it. */
  #assemblyFor(first: number): MessageAssembly {
    this.#assembly ??= new MessageAssembly((first & 0x0f) === OPCODE.TEXT, (first & RSV1) !== 0);
    return this.#assembly;
  }

  #beginPartialFrame(bytes: Buffer, first: number, key: number, length: number): number {
    this.#assemblyFor(first);
    const frame = { isFinal: first >= FIN, key: copyOf(bytes, key, key + KEY_BYTES), length, received: 0 };
    this.#partialFrame = frame;
    return this.#continuePartialFrame(frame, bytes, key + KEY_BYTES);
  }

  /** Takes what `bytes` hold of the frame, from `start`. Returns the index behind it. */
  #continuePartialFrame(frame: PartialFrame, bytes: Buffer, start = 0): number {
    const assembly = this.#assembly;
    if (assembly === undefined) return start;
    const missing = frame.length - frame.received;
    const end = Math.min(start + missing, bytes.length);
    const isAscii = unmask(bytes, start, end, frame.key, 0, frame.received);
    assembly.append(bytes, start, end, isAscii, assembly.length + missing);
    frame.received += end - start;
    if (frame.received === frame.length) {
      this.#partialFrame = undefined;
      this.#endFrame(assembly, frame.isFinal);
    }
    return end;
  }

  #endFrame(assembly: MessageAssembly, isFinal: boolean): void {
    if (!isFinal) {
      this.#messages.fragment();
      return;
    }
    this.#assembly = undefined;
    const message = assembly.finish(this.#maxMessageBytes);
    this.#deliver(assembly.isText, message, 0, message.length);
    assembly.release();
  }

  #deliver(isText: boolean, bytes: Buffer, start: number, end: number): void {
    if (this.#isMuted) return;
    if (isText) this.#messages.text(bytes, start, end);
    else this.#messages.binary(bytes, start, end);
  }
}

function copyOf(bytes: Buffer, start: number, end: number): Buffer {
  // Not a slice of the shared pool, which a small, long-lived buffer would keep alive.
  const copy = Buffer.allocUnsafeSlow(end - start);
  bytes.copy(copy, 0, start, end);
  return copy;
}

function protocolError(reason: string): Violation {
  return new Violation(CLOSE_CODE.PROTOCOL_ERROR, reason);
}
