export interface ClientFrame {
  readonly opcode: number;
  readonly payload: Uint8Array;
  /** Default: true. */
  readonly isFinal?: boolean;
  /** The three reserved bits, as 0x40, 0x20 and 0x10. Default: none. */
  readonly reserved?: number;
  /** Default: true. */
  readonly isMasked?: boolean;
  /** Four bytes. Default: 1, 2, 3, 4. */
  readonly key?: Uint8Array;
  /** How many bytes hold the length: 1, 2 or 8. Default: the fewest. */
  readonly lengthBytes?: 1 | 2 | 8;
  /** The length that the header announces. Default: that of the payload. */
  readonly announced?: number;
}

const DEFAULT_KEY = Uint8Array.of(1, 2, 3, 4);

/** Encodes a frame as a client sends it, or as no client should. It shares no code with the server's side. */
export function clientFrame(frame: ClientFrame): Buffer {
  const { opcode, payload, isFinal = true, reserved = 0, isMasked = true, key = DEFAULT_KEY } = frame;
  const length = frame.announced ?? payload.length;
  const lengthBytes = frame.lengthBytes ?? (length < 126 ? 1 : length < 65536 ? 2 : 8);
  const header = [(isFinal ? 0x80 : 0) | reserved | opcode];
  const mask = isMasked ? 0x80 : 0;
  if (lengthBytes === 1) header.push(mask | length);
  else {
    header.push(mask | (lengthBytes === 2 ? 126 : 127));
    const wide = Buffer.alloc(8);
    wide.writeBigUInt64BE(BigInt(length));
    header.push(...wide.subarray(8 - lengthBytes));
  }
  if (isMasked) header.push(...key);
  const body = isMasked ? payload.map((byte, index) => byte ^ (key[index % 4] ?? 0)) : payload;
  return Buffer.concat([Buffer.from(header), body]);
}

/** A frame that a server has sent. */
export interface ServerFrame {
  readonly first: number;
  readonly opcode: number;
  readonly payload: Buffer;
}

/** Decodes what a server has sent. Throws an Error for bytes that are not whole, unmasked frames. */
export function serverFrames(bytes: Buffer): ServerFrame[] {
  const frames: ServerFrame[] = [];
  let at = 0;
  while (at < bytes.length) {
    const first = bytes.readUInt8(at);
    let length = bytes.readUInt8(at + 1);
    let start = at + 2;
    if (length === 126) {
      length = bytes.readUInt16BE(start);
      start += 2;
    } else if (length === 127) {
      length = Number(bytes.readBigUInt64BE(start));
      start += 8;
    } else if (length > 127) throw new Error("a server's frame is masked");
    if (start + length > bytes.length) throw new Error("a server's frame is incomplete");
    frames.push({ first, opcode: first & 0x0f, payload: bytes.subarray(start, start + length) });
    at = start + length;
  }
  return frames;
}
