import { isUtf8 } from "node:buffer";

/**
 * Checks text that is still arriving. Returns the index up to which it is complete and valid (at most three
 * bytes before `end`), or -1 where no continuation can make it valid UTF-8. `start` must be a character boundary.
 */
export function validUtf8Prefix(bytes: Buffer, start: number, end: number): number {
  const boundary = lastCharacterStart(bytes, start, end);
  const isValid = isUtf8(bytes.subarray(start, boundary)) && (boundary === end || canComplete(bytes, boundary, end));
  return isValid ? boundary : -1;
}

/** Where a last, incomplete character starts; `end` where the last character is complete or no lead byte is near. */
function lastCharacterStart(bytes: Buffer, start: number, end: number): number {
  for (let at = end - 1; at >= start && at >= end - 3; at--) {
    const byte = bytes[at] ?? 0;
    if ((byte & 0xc0) !== 0x80) return at + sequenceLength(byte) > end ? at : end;
  }
  return end;
}

function sequenceLength(lead: number): number {
  if (lead < 0xc0) return 1;
  if (lead < 0xe0) return 2;
  return lead < 0xf0 ? 3 : 4;
}

/** Whether an incomplete character can still become valid (RFC 3629, section 4). */
function canComplete(bytes: Buffer, start: number, end: number): boolean {
  const lead = bytes[start] ?? 0;
  if (lead < 0xc2 || lead > 0xf4) return false;
  if (start + 1 === end) return true;
  const second = bytes[start + 1] ?? 0;
  if (lead === 0xe0) return second >= 0xa0;
  if (lead === 0xed) return second < 0xa0;
  if (lead === 0xf0) return second >= 0x90;
  if (lead === 0xf4) return second < 0x90;
  return true;
}
