import { maxCompressedBytes } from "../../src/websocket/deflate.ts";
import type { Sequence } from "./sequence.ts";
import type { Trace } from "./trace.ts";

// Where this project's WebSocket layer and the `ws` package differ, and may:
//
// early-text        We fail invalid UTF-8 as soon as it arrives (RFC 6455 allows it), ws at the end of the message. What
//                   follows meanwhile (pings, violations, the end of the input) only ws sees.
// final-block       We refuse data behind the final block of a deflate stream with 1007. ws drops it silently.
// compressed-limit  We let the compressed form of a message exceed the limit a little, since a message at the limit that does
//                   not compress grows. ws applies the limit to it.
// early-inflate     ws inflates each fragment as it arrives, we inflate the whole message. ws finds invalid or too much data
//                   earlier; what follows meanwhile only we see.
// invalid-and-big   Compressed data that is invalid and also inflates beyond the limit: which one is found first depends on the
//                   steps of inflating. One says 1007, the other 1009, of the same message.

export type Divergence = "early-text" | "final-block" | "compressed-limit" | "early-inflate" | "invalid-and-big";

/** Whether two traces agree in everything that is compared. */
export function agrees(own: Trace, reference: Trace): boolean {
  return (
    own.code === reference.code && isEqual(own.events, reference.events) && isEqual(own.answers, reference.answers)
  );
}

/** The permitted divergence that two traces show, checked against the bytes of the sequence; undefined where it is none. */
export function explain(sequence: Sequence, own: Trace, reference: Trace): Divergence | undefined {
  const frames = readFrames(Buffer.concat(sequence.chunks));
  if (isPrefix(reference.events, own.events) && (reference.code === 1009 || reference.code === 1007)) {
    const next = messageAfter(frames, reference.events.length);
    if (next?.isCompressed && sequence.deflate) {
      const size = next.frames.reduce((sum, frame) => sum + frame.length, 0);
      if (size > sequence.maxMessageBytes && next.seen <= maxCompressedBytes(sequence.maxMessageBytes)) {
        return "compressed-limit";
      }
      const isFragmented = next.frames[0]?.isFinal === false;
      if (isFragmented && onlyControl(own.events.slice(reference.events.length))) return "early-inflate";
      if ((own.code === 1007 || own.code === 1009) && isEqual(own.events, reference.events)) return "invalid-and-big";
    }
  }
  if (own.code !== 1007 || !isPrefix(own.events, reference.events)) return undefined;
  const next = messageAfter(frames, own.events.length);
  if (next === undefined) return undefined;
  if (next.isCompressed) return own.reason === "compressed data behind the final block" ? "final-block" : undefined;
  return next.isText && !isTextPrefix(next.frames.map((frame) => frame.payload)) ? "early-text" : undefined;
}

interface Frame {
  readonly first: number;
  readonly opcode: number;
  readonly isFinal: boolean;
  /** As the header announces it. */
  readonly length: number;
  /** What the sequence holds of it. */
  readonly payload: Buffer;
}

interface Message {
  readonly isText: boolean;
  readonly isCompressed: boolean;
  readonly frames: readonly Frame[];
  /** Bytes of payload that the sequence holds. */
  readonly seen: number;
}

/** Reads frames without any checks, to the end or to the first incomplete header. */
function readFrames(bytes: Buffer): Frame[] {
  const frames: Frame[] = [];
  let at = 0;
  while (at + 2 <= bytes.length) {
    const first = bytes.readUInt8(at);
    const short = bytes.readUInt8(at + 1) & 0x7f;
    const lengthBytes = short === 126 ? 2 : short === 127 ? 8 : 0;
    const start = at + 2 + lengthBytes + 4;
    if (at + 2 + lengthBytes > bytes.length) break;
    const wide = BigInt(`0x0${bytes.toString("hex", at + 2, at + 2 + lengthBytes)}`);
    const length = lengthBytes === 0 ? short : Number(wide);
    const key = bytes.subarray(start - 4, start);
    const payload = Buffer.from(bytes.subarray(start, start + length)).map((byte, i) => byte ^ (key[i % 4] ?? 0));
    frames.push({ first, opcode: first & 0x0f, isFinal: first >= 0x80, length, payload: Buffer.from(payload) });
    at = start + length;
  }
  return frames;
}

/** The message that is under way after a number of events, with its frames up to the next event. */
function messageAfter(frames: readonly Frame[], events: number): Message | undefined {
  let open: Frame[] = [];
  let passed = 0;
  for (const frame of frames) {
    if (frame.opcode < 8) open.push(frame);
    const isEvent = frame.opcode >= 9 || (frame.opcode < 8 && frame.isFinal);
    if (!isEvent) continue;
    if (passed === events) break;
    passed++;
    if (frame.opcode < 8) open = [];
  }
  const [start] = open;
  if (passed !== events || start === undefined) return undefined;
  return {
    isText: start.opcode === 1,
    isCompressed: (start.first & 0x40) !== 0,
    frames: open,
    seen: open.reduce((sum, frame) => sum + frame.payload.length, 0),
  };
}

function isTextPrefix(parts: readonly Buffer[]): boolean {
  const decoder = new TextDecoder("utf-8", { fatal: true });
  try {
    for (const part of parts) decoder.decode(part, { stream: true });
    return true;
  } catch {
    return false;
  }
}

function onlyControl(events: readonly string[]): boolean {
  return events.every((event) => event === "ping" || event === "pong");
}

function isPrefix(prefix: readonly string[], whole: readonly string[]): boolean {
  return prefix.length <= whole.length && prefix.every((item, index) => item === whole[index]);
}

function isEqual(one: readonly string[], other: readonly string[]): boolean {
  return one.length === other.length && isPrefix(one, other);
}
