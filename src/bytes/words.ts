import type { Block } from "./block.ts";

// What is done with spans of bytes by words of four. Measured on Node.js 26, 33 bytes: to copy them takes 13 ns, byte by
// byte 31, by `Buffer.copy` 31 (70 on Node.js 20); to compare them 14 ns, byte by byte 42.

const WORD_BYTES = 4;
/** From this length on `Buffer.copy` is faster, whose call costs so much. */
const MIN_NATIVE_COPY_BYTES = 128;

/** Copies `source` from `start` to `end`; returns the index behind what was written. */
export function copy(target: Block, at: number, source: Block, start: number, end: number): number {
  const length = end - start;
  if (length >= MIN_NATIVE_COPY_BYTES) {
    source.bytes.copy(target.bytes, at, start, end);
    return at + length;
  }
  const shift = at - start;
  const { view: to } = target;
  const { view: from } = source;
  const lastWord = end - WORD_BYTES;
  if (lastWord < start) {
    for (let i = start; i < end; i++) to.setUint8(i + shift, from.getUint8(i));
    return at + length;
  }
  for (let i = start; i < lastWord; i += WORD_BYTES) to.setInt32(i + shift, from.getInt32(i, true), true);
  // It may overlap the word before.
  to.setInt32(lastWord + shift, from.getInt32(lastWord, true), true);
  return at + length;
}

/** Whether `text`, and nothing else, stands in `block` from `start` to `end`. */
export function equals(text: Block, block: Block, start: number, end: number): boolean {
  const { length } = text.bytes;
  return end - start === length && isSame(text, 0, length, block, start);
}

/** Whether the part of `text` from `start` to `end` stands in `block` at `at`. */
export function isSame(text: Block, start: number, end: number, block: Block, at: number): boolean {
  const shift = at - start;
  if (end + shift > block.bytes.length) return false;
  const { view: a } = text;
  const { view: b } = block;
  const lastWord = end - WORD_BYTES;
  if (lastWord < start) {
    for (let i = start; i < end; i++) if (a.getUint8(i) !== b.getUint8(i + shift)) return false;
    return true;
  }
  for (let i = start; i < lastWord; i += WORD_BYTES)
    if (a.getInt32(i, true) !== b.getInt32(i + shift, true)) return false;
  return a.getInt32(lastWord, true) === b.getInt32(lastWord + shift, true);
}
