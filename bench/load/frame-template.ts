import { SEQUENCE_DIGITS, SEQUENCE_SLOT, TIME_DIGITS, TIME_SLOT, writeDecimal } from "./marker.ts";

/** A publication's bytes, encoded once; for each message its sequence number and time are written in. */
export class FrameTemplate {
  readonly #bytes: Buffer;
  readonly #sequencesAt: readonly number[];
  readonly #timeAt: number;

  constructor(bytes: Uint8Array) {
    this.#bytes = Buffer.from(bytes);
    this.#sequencesAt = occurrences(this.#bytes, SEQUENCE_SLOT);
    this.#timeAt = this.#bytes.indexOf(TIME_SLOT);
    if (this.#sequencesAt.length === 0 || this.#timeAt === -1) throw new Error("a frame without its slots");
  }

  /** One message's bytes. They are the template's own, so they change with the next call. */
  fill(sequence: number, timeUs: number): Buffer {
    for (const slot of this.#sequencesAt) writeDecimal(this.#bytes, slot, SEQUENCE_DIGITS, sequence);
    writeDecimal(this.#bytes, this.#timeAt, TIME_DIGITS, timeUs);
    return this.#bytes;
  }
}

function occurrences(bytes: Buffer, slot: string): number[] {
  const found: number[] = [];
  for (let at = bytes.indexOf(slot); at !== -1; at = bytes.indexOf(slot, at + slot.length)) found.push(at);
  return found;
}
