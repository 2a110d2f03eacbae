import { isUtf8 } from "node:buffer";
import { Accumulator } from "./accumulator.ts";
import { CLOSE_CODE } from "./close.ts";
import { decompress } from "./deflate.ts";
import { validUtf8Prefix } from "./utf8.ts";
import { Violation } from "./violation.ts";

/** A message that arrives in several frames or in several chunks of input. Its text is checked as it arrives. */
export class MessageAssembly {
  readonly isText: boolean;
  readonly isCompressed: boolean;
  readonly #payload = new Accumulator();
  /** Up to here the text is complete and valid UTF-8. */
  #checkedTo = 0;

  constructor(isText: boolean, isCompressed: boolean) {
    this.isText = isText;
    this.isCompressed = isCompressed;
  }

  /** Bytes of payload so far. */
  get length(): number {
    return this.#payload.length;
  }

  /**
   * Appends unmasked payload. `announcedLength` is the length of the message, as far as its frame headers say it.
   * Throws a `Violation` (1007) as soon as text cannot be valid UTF-8 any more.
   */
  append(bytes: Buffer, start: number, end: number, isAscii: boolean, announcedLength: number): void {
    const before = this.#payload.length;
    this.#payload.append(bytes, start, end, announcedLength);
    if (!this.isText || this.isCompressed) return;
    const length = this.#payload.length;
    if (isAscii && this.#checkedTo === before) {
      this.#checkedTo = length;
      return;
    }
    this.#checkedTo = validUtf8Prefix(this.#payload.bytes, this.#checkedTo, length);
    if (this.#checkedTo < 0) throw invalidText();
  }

  /** Gives its memory back, once the message has been handled. */
  release(): void {
    this.#payload.release();
  }

  /** The whole message. Throws a `Violation`: 1007 for invalid text or compressed data, 1009 for an inflated size above `maxBytes`. */
  finish(maxBytes: number): Buffer {
    const payload = this.#payload.bytes.subarray(0, this.#payload.length);
    if (this.isCompressed) return inflateMessage(payload, this.isText, maxBytes);
    if (this.isText && this.#checkedTo !== payload.length) throw invalidText();
    return payload;
  }
}

/** Inflates a compressed message and checks its text. Throws a `Violation` as `MessageAssembly.finish` does. */
export function inflateMessage(payload: Buffer, isText: boolean, maxBytes: number): Buffer {
  const message = decompress(payload, maxBytes);
  if (isText && !isUtf8(message)) throw invalidText();
  return message;
}

export function invalidText(): Violation {
  return new Violation(CLOSE_CODE.INVALID_DATA, "text is not valid UTF-8");
}
