import { constants, deflateRawSync, inflateRawSync, type ZlibOptions } from "node:zlib";
import { CLOSE_CODE } from "./close.ts";
import { Violation } from "./violation.ts";

/** What RFC 7692, sections 7.2.1 and 7.2.2, take from the end of a compressed message. */
const TAIL = Buffer.from([0x00, 0x00, 0xff, 0xff]);
const EMPTY_MESSAGE = Buffer.from([0x00]);
/** Padding that a sender may put behind a final block (RFC 7692, section 7.2.3.4). */
const MAX_PADDING_BYTES = 1;
const MIN_CHUNK_BYTES = 1024;
const MAX_CHUNK_BYTES = 16 * 1024;

/**
 * The payload of a compressed message (RFC 7692, section 7.2.1). It depends on no earlier message, so one
 * compressed frame can be sent to any number of connections that agreed on permessage-deflate.
 */
export function compress(payload: Uint8Array): Buffer {
  if (payload.length === 0) return EMPTY_MESSAGE;
  // The smallest window and hash that hold the payload: the result is the same, the setup costs half.
  const windowBits = Math.min(Math.max(Math.ceil(Math.log2(payload.length)), 9), 15);
  const memLevel = Math.min(windowBits - 6, 8);
  const deflated = deflateRawSync(payload, { finishFlush: constants.Z_SYNC_FLUSH, windowBits, memLevel });
  return deflated.subarray(0, deflated.length - TAIL.length);
}

/**
 * The largest compressed payload of a message of at most `maxMessageBytes`: bytes that do not compress grow by the
 * headers of their blocks.
 */
export function maxCompressedBytes(maxMessageBytes: number): number {
  return maxMessageBytes + (maxMessageBytes >>> 8) + 64;
}

/**
 * Inflates the payload of a compressed message (RFC 7692, section 7.2.2), and stops when the result exceeds `maxBytes`.
 * Throws a `Violation`: 1009 for a message that is too big, 1007 for data that is not a deflate stream.
 */
export function decompress(payload: Uint8Array, maxBytes: number): Buffer {
  const input = Buffer.concat([payload, TAIL]);
  // Node takes 0 for "no limit".
  const maxOutputLength = Math.max(maxBytes, 1);
  const chunkSize = Math.min(Math.max(payload.length * 4, MIN_CHUNK_BYTES), MAX_CHUNK_BYTES);
  const options = { finishFlush: constants.Z_SYNC_FLUSH, maxOutputLength, chunkSize, info: true } as const;
  let inflated: Inflated;
  try {
    inflated = inflate(input, options);
  } catch (error) {
    if (isTooLarge(error)) throw new Violation(CLOSE_CODE.TOO_BIG, "decompressed message is too big");
    throw new Violation(CLOSE_CODE.INVALID_DATA, "invalid compressed data");
  }
  // Data behind a final block would be lost without notice.
  if (inflated.bytesRead + MAX_PADDING_BYTES < payload.length) {
    throw new Violation(CLOSE_CODE.INVALID_DATA, "compressed data behind the final block");
  }
  if (inflated.bytes.length > maxBytes) throw new Violation(CLOSE_CODE.TOO_BIG, "decompressed message is too big");
  return inflated.bytes;
}

interface Inflated {
  readonly bytes: Buffer;
  /** How much of the input was read: less than all of it where a final block came before the end. */
  readonly bytesRead: number;
}

/** With the option `info`, which its types do not know, zlib returns the result and the engine. */
function inflate(input: Buffer, options: ZlibOptions): Inflated {
  const result: unknown = inflateRawSync(input, options);
  if (!hasInfo(result)) throw new TypeError("zlib ignored the option info");
  return { bytes: result.buffer, bytesRead: result.engine.bytesWritten };
}

function hasInfo(result: unknown): result is { buffer: Buffer; engine: { bytesWritten: number } } {
  return typeof result === "object" && result !== null && "engine" in result && "buffer" in result;
}

function isTooLarge(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "ERR_BUFFER_TOO_LARGE";
}
