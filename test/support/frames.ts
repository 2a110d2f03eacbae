// WebSocket frames as bytes (RFC 6455, section 5.2), for tests that send what no library would.

export const OPCODE = { CONTINUATION: 0, TEXT: 1, BINARY: 2, CLOSE: 8, PING: 9, PONG: 10 } as const;

export interface FrameOptions {
  readonly opcode: number;
  readonly payload?: string | Uint8Array;
  /** Whether it is the last fragment of its message; default true. */
  readonly fin?: boolean;
  /** The three reserved bits, as a number from 0 to 7. */
  readonly reserved?: number;
  /** Whether it is masked, as a client's must be; default true. */
  readonly masked?: boolean;
}

function lengthBytes(length: number, maskBit: number): number[] {
  if (length < 126) return [maskBit | length];
  if (length < 65_536) return [maskBit | 126, length >> 8, length & 255];
  const bytes = [maskBit | 127, 0, 0, 0, 0];
  for (const shift of [24, 16, 8, 0]) bytes.push((length >>> shift) & 255);
  return bytes;
}

/** The bytes of one frame. The mask is four zero bytes, which is legal and leaves the payload readable. */
export function encodeFrame({ opcode, payload = "", fin = true, reserved = 0, masked = true }: FrameOptions): Buffer {
  const body = Buffer.from(payload);
  const head = [(fin ? 128 : 0) | (reserved << 4) | opcode, ...lengthBytes(body.length, masked ? 128 : 0)];
  return Buffer.concat([Buffer.from(head), Buffer.alloc(masked ? 4 : 0), body]);
}

export interface Frame {
  readonly fin: boolean;
  readonly compressed: boolean;
  readonly opcode: number;
  readonly payload: Buffer;
}

/** Cuts a stream of bytes into frames. */
export class FrameParser {
  #bytes: Buffer = Buffer.alloc(0);

  /** Takes bytes, and returns the frames that are complete with them. */
  push(chunk: Buffer): Frame[] {
    this.#bytes = this.#bytes.length === 0 ? chunk : Buffer.concat([this.#bytes, chunk]);
    const frames: Frame[] = [];
    let at = 0;
    for (;;) {
      const header = this.#header(at);
      if (header === undefined || at + header.size + header.length > this.#bytes.length) break;
      const first = this.#bytes[at] ?? 0;
      const start = at + header.size;
      at = start + header.length;
      const payload = this.#bytes.subarray(start, at);
      frames.push({ fin: (first & 128) !== 0, compressed: (first & 64) !== 0, opcode: first & 15, payload });
    }
    this.#bytes = this.#bytes.subarray(at);
    return frames;
  }

  #header(at: number): { size: number; length: number } | undefined {
    const bytes = this.#bytes;
    if (at + 2 > bytes.length) return undefined;
    const short = (bytes[at + 1] ?? 0) & 127;
    if (short < 126) return { size: 2, length: short };
    if (short === 126) return at + 4 > bytes.length ? undefined : { size: 4, length: bytes.readUInt16BE(at + 2) };
    return at + 10 > bytes.length ? undefined : { size: 10, length: Number(bytes.readBigUInt64BE(at + 2)) };
  }
}
