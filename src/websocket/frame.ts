/** Opcodes of RFC 6455, section 5.2. */
export const OPCODE = { CONTINUATION: 0, TEXT: 1, BINARY: 2, CLOSE: 8, PING: 9, PONG: 10 } as const;

/** The longest payload of a control frame, in bytes (RFC 6455, section 5.5). */
export const MAX_CONTROL_BYTES = 125;

const FIN = 0x80;
const RSV1 = 0x40;
const LENGTH_IN_16_BITS = 126;
const LENGTH_IN_64_BITS = 127;
const TWO_TO_32 = 2 ** 32;

/** The length in bytes of the header of an unmasked frame with a payload of this many bytes: 2, 4 or 10. */
export function frameHeaderLength(payloadLength: number): number {
  if (payloadLength < LENGTH_IN_16_BITS) return 2;
  return payloadLength < 0x10000 ? 4 : 10;
}

/**
 * Writes the header of an unmasked, final frame (RFC 6455, section 5.2) into `target` at index `at`.
 * `isCompressed` sets RSV1, which marks a payload of permessage-deflate (RFC 7692, section 6).
 * `target` must have room for `frameHeaderLength(payloadLength)` bytes. Returns the index behind the header.
 */
export function writeFrameHeader(
  target: Uint8Array,
  at: number,
  opcode: number,
  payloadLength: number,
  isCompressed = false,
): number {
  target[at] = FIN | (isCompressed ? RSV1 : 0) | opcode;
  if (payloadLength < LENGTH_IN_16_BITS) {
    target[at + 1] = payloadLength;
    return at + 2;
  }
  if (payloadLength < 0x10000) {
    target[at + 1] = LENGTH_IN_16_BITS;
    target[at + 2] = payloadLength >>> 8;
    target[at + 3] = payloadLength;
    return at + 4;
  }
  target[at + 1] = LENGTH_IN_64_BITS;
  writeUint32(target, at + 2, Math.floor(payloadLength / TWO_TO_32));
  writeUint32(target, at + 6, payloadLength % TWO_TO_32);
  return at + 10;
}

/** One unmasked, final frame: its header and a copy of its payload. */
export function encodeFrame(opcode: number, payload: Uint8Array, isCompressed = false): Buffer {
  const frame = Buffer.allocUnsafe(frameHeaderLength(payload.length) + payload.length);
  frame.set(payload, writeFrameHeader(frame, 0, opcode, payload.length, isCompressed));
  return frame;
}

/** Where the payload of an unmasked frame starts that starts at an index. */
export function payloadStartOf(bytes: Uint8Array, frameStart: number): number {
  const length = bytes[frameStart + 1] ?? 0;
  if (length < LENGTH_IN_16_BITS) return frameStart + 2;
  return frameStart + (length === LENGTH_IN_16_BITS ? 4 : 10);
}

/** Calls `visit` with the place of the payload of each of the unmasked frames that stand one behind the other. */
export function forEachPayload(
  bytes: Uint8Array,
  start: number,
  end: number,
  visit: (payloadStart: number, payloadEnd: number) => void,
): void {
  let at = start;
  while (at < end) {
    const payloadStart = payloadStartOf(bytes, at);
    at = payloadStart + payloadLengthOf(bytes, at, payloadStart);
    visit(payloadStart, at);
  }
}

function payloadLengthOf(bytes: Uint8Array, frameStart: number, payloadStart: number): number {
  if (payloadStart === frameStart + 2) return bytes[frameStart + 1] ?? 0;
  let length = 0;
  for (const byte of bytes.subarray(frameStart + 2, payloadStart)) length = length * 256 + byte;
  return length;
}

function writeUint32(target: Uint8Array, at: number, value: number): void {
  target[at] = value >>> 24;
  target[at + 1] = value >>> 16;
  target[at + 2] = value >>> 8;
  target[at + 3] = value;
}
