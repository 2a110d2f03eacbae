import { isUtf8 } from "node:buffer";
import { MAX_CONTROL_BYTES } from "./frame.ts";
import { Violation } from "./violation.ts";

/** Close codes of RFC 6455, section 7.4.1, that this module sends or reports. */
export const CLOSE_CODE = {
  NORMAL: 1000,
  PROTOCOL_ERROR: 1002,
  /** Never sent: a close frame without a code. */
  NO_STATUS: 1005,
  /** Never sent: the connection ended without a close frame. */
  ABNORMAL: 1006,
  INVALID_DATA: 1007,
  TOO_BIG: 1009,
  INTERNAL_ERROR: 1011,
} as const;

/** What a close frame says. */
export interface CloseStatus {
  readonly code: number;
  readonly reason: string;
}

/** Whether an endpoint may send this code in a close frame (RFC 6455, section 7.4, and the IANA registry). */
export function isSendableCloseCode(code: number): boolean {
  if (code >= 3000) return code <= 4999;
  return code >= 1000 && code <= 1014 && code !== 1004 && code !== 1005 && code !== 1006;
}

/**
 * Reads the payload of a close frame: 0 bytes (code 1005), or 2 and more; the header of the frame excludes 1.
 * Throws a `Violation`: 1002 for a code that must not be sent, 1007 for a reason that is not UTF-8.
 */
export function readClosePayload(bytes: Buffer, start: number, end: number): CloseStatus {
  if (end - start < 2) return { code: CLOSE_CODE.NO_STATUS, reason: "" };
  const code = bytes.readUInt16BE(start);
  if (!isSendableCloseCode(code)) throw new Violation(CLOSE_CODE.PROTOCOL_ERROR, "invalid close code");
  if (!isUtf8(bytes.subarray(start + 2, end))) {
    throw new Violation(CLOSE_CODE.INVALID_DATA, "close reason is not valid UTF-8");
  }
  return { code, reason: bytes.toString("utf8", start + 2, end) };
}

/**
 * The payload of a close frame. A reason of more than 123 bytes is cut at a character boundary, because a
 * control frame holds no more. Throws a RangeError for a code that must not be sent.
 */
export function closePayload(code: number, reason: string): Buffer {
  if (!isSendableCloseCode(code)) throw new RangeError(`Close code ${code} must not be sent`);
  const payload = Buffer.allocUnsafe(MAX_CONTROL_BYTES);
  payload.writeUInt16BE(code);
  // Buffer.write never writes a part of a character.
  return payload.subarray(0, 2 + payload.write(reason, 2));
}
