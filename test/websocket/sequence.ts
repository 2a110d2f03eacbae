import { constants, deflateRawSync } from "node:zlib";
import { type ClientFrame, clientFrame } from "./client-frame.ts";
import type { Random } from "./random.ts";

/** What one client sends: frames, most of them valid, in chunks of any size. */
export interface Sequence {
  readonly chunks: readonly Buffer[];
  readonly maxMessageBytes: number;
  readonly deflate: boolean;
}

const TEXTS = ["", "a", "hello", "{}", "ä", "€uro", "日本語", "🎈🎈", "\u0000", "\uffff", "\ufeff", "𐀀"] as const;
const BAD_UTF8 = ["80", "c0af", "eda080", "f4908080", "ff", "e282", "f09f8e", "c3", "f8888080", "e0809f"] as const;
const CODES = [1000, 1001, 1002, 1003, 1007, 1009, 1011, 1014, 3000, 4999] as const;
const BAD_CODES = [0, 999, 1004, 1005, 1006, 1015, 1016, 2000, 2999, 5000, 65535] as const;
const LENGTHS = [0, 1, 2, 3, 4, 5, 63, 64, 100, 124, 125, 126, 127, 200, 255, 256, 511, 512, 513, 1000] as const;
const RARE_LENGTHS = [4096, 65535, 65536, 70000] as const;
const LIMITS = [100, 512, 1000, 5000, 80000] as const;

/** A random sequence of frames, mutated in about two thirds of all cases. */
export function randomSequence(random: Random): Sequence {
  const deflate = random.oneIn(5);
  const parts: Buffer[] = [];
  const count = 1 + random.below(8);
  for (let index = 0; index < count; index++) parts.push(...randomStep(random, deflate));
  if (random.oneIn(3)) parts.push(clientFrame({ opcode: 8, payload: closePayload(random) }));
  let bytes: Buffer = Buffer.concat(parts);
  while (random.oneIn(3)) bytes = mutated(bytes, random);
  return { chunks: chunked(bytes, random), maxMessageBytes: random.pick(LIMITS), deflate };
}

function randomStep(random: Random, deflate: boolean): Buffer[] {
  if (random.oneIn(40)) return [random.bytes(random.below(30))];
  if (random.oneIn(15)) return [clientFrame(brokenFrame(random))];
  if (random.oneIn(4)) return [controlFrame(random)];
  return messageFrames(random, deflate);
}

function controlFrame(random: Random): Buffer {
  const opcode = random.oneIn(20) ? 8 : random.pick([9, 10]);
  const payload = opcode === 8 ? closePayload(random) : random.bytes(random.pick([0, 1, 4, 5, 125]));
  return clientFrame({ opcode, payload, key: random.bytes(4) });
}

function messageFrames(random: Random, deflate: boolean): Buffer[] {
  const isText = random.oneIn(2);
  const isCompressed = deflate && !random.oneIn(4);
  const content = isText ? randomText(random) : random.bytes(randomLength(random));
  const payload = isCompressed ? compressed(content, random) : content;
  const frames: Buffer[] = [];
  const fragments = random.oneIn(3) ? 1 + random.below(5) : 1;
  let at = 0;
  for (let index = 0; index < fragments; index++) {
    const isLast = index === fragments - 1;
    const end = isLast ? payload.length : at + random.below(payload.length - at + 1);
    frames.push(
      clientFrame({
        opcode: index > 0 ? 0 : isText ? 1 : 2,
        payload: payload.subarray(at, end),
        isFinal: isLast,
        reserved: isCompressed && index === 0 ? 0x40 : 0,
        key: random.bytes(4),
        // Longer forms of a length than needed are accepted by both sides.
        ...(random.oneIn(30) ? { lengthBytes: 8 as const } : {}),
      }),
    );
    if (!isLast && random.oneIn(4)) frames.push(controlFrame(random));
    at = end;
  }
  return frames;
}

/** A frame that breaks a rule. */
function brokenFrame(random: Random): ClientFrame {
  const payload = random.bytes(random.pick([0, 1, 5, 125]));
  switch (random.below(8)) {
    case 0:
      return { opcode: random.pick([1, 2, 9]), payload, isMasked: false };
    case 1:
      return { opcode: random.pick([1, 2, 0, 9]), payload, reserved: random.pick([0x10, 0x20, 0x40, 0x70]) };
    case 2:
      return { opcode: random.pick([3, 4, 5, 6, 7, 11, 12, 13, 14, 15]), payload };
    case 3:
      return { opcode: random.pick([8, 9, 10]), payload, isFinal: false };
    case 4:
      return { opcode: random.pick([8, 9, 10]), payload: random.bytes(126), lengthBytes: random.pick([2, 8]) };
    case 5:
      return { opcode: 0, payload };
    case 6:
      return { opcode: 2, payload, announced: random.pick([2 ** 31, 2 ** 40, 2 ** 53, 100_000]), lengthBytes: 8 };
    default:
      return { opcode: 1, payload, isFinal: false };
  }
}

function closePayload(random: Random): Buffer {
  if (random.oneIn(5)) return random.bytes(random.pick([0, 0, 1]));
  const payload = Buffer.alloc(2);
  payload.writeUInt16BE(random.oneIn(3) ? random.pick(BAD_CODES) : random.pick(CODES));
  const reason = random.oneIn(4) ? Buffer.from(random.pick(BAD_UTF8), "hex") : Buffer.from(random.pick(TEXTS));
  return Buffer.concat([payload, reason]);
}

function randomText(random: Random): Buffer {
  const parts = [Buffer.from("x".repeat(randomLength(random)))];
  while (random.oneIn(2)) parts.push(Buffer.from(random.pick(TEXTS)));
  if (random.oneIn(12)) parts.push(Buffer.from(random.pick(BAD_UTF8), "hex"));
  if (random.oneIn(2)) parts.push(Buffer.from(random.pick(TEXTS)));
  return Buffer.concat(parts);
}

function randomLength(random: Random): number {
  if (random.oneIn(60)) return random.pick(RARE_LENGTHS);
  return random.oneIn(3) ? random.pick(LENGTHS) : random.below(60);
}

function compressed(content: Buffer, random: Random): Buffer {
  const level = random.pick([0, 1, 6, 9]);
  // A final block, followed by padding (RFC 7692, section 7.2.3.4).
  if (random.oneIn(6))
    return Buffer.concat([deflateRawSync(content, { level }), Buffer.alloc(random.oneIn(20) ? 3 : random.below(2))]);
  const bytes = deflateRawSync(content, { level, finishFlush: constants.Z_SYNC_FLUSH });
  return bytes.subarray(0, bytes.length - 4);
}

function mutated(bytes: Buffer, random: Random): Buffer {
  if (bytes.length === 0) return random.bytes(1 + random.below(20));
  const at = random.below(bytes.length);
  const length = 1 + random.below(4);
  switch (random.below(6)) {
    case 0: {
      const copy = Buffer.from(bytes);
      copy[at] = (copy[at] ?? 0) ^ (1 << random.below(8));
      return copy;
    }
    case 1:
      return Buffer.concat([bytes.subarray(0, at), random.bytes(length), bytes.subarray(at)]);
    case 2:
      return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + length)]);
    case 3:
      return bytes.subarray(0, at);
    case 4:
      return Buffer.concat([bytes.subarray(0, at), bytes.subarray(random.below(bytes.length))]);
    default:
      return Buffer.concat([bytes.subarray(0, at), random.bytes(length), bytes.subarray(at + length)]);
  }
}

function chunked(bytes: Buffer, random: Random): Buffer[] {
  const chunks: Buffer[] = [];
  const style = random.below(4);
  const largest = bytes.length > 5000 ? 4096 : random.pick([1, 2, 7, 64]);
  let at = 0;
  while (at < bytes.length) {
    const size = style === 0 ? bytes.length : style === 1 ? largest : 1 + random.below(Math.max(largest * 4, 2));
    chunks.push(Buffer.from(bytes.subarray(at, at + size)));
    at += size;
  }
  return chunks;
}
