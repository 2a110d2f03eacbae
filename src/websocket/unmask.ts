/** From this payload on, words of 32 bits are faster than bytes, on Node.js and on Bun alike. */
const MIN_WORD_PAYLOAD_BYTES = 64;
/** From this chunk on, they make up for the view that a chunk needs. */
const MIN_WORD_CHUNK_BYTES = 512;
const HIGH_BITS = 0x80808080 | 0;
const IS_LITTLE_ENDIAN = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;

/** The memory that the last long payload lay in, as words: most often the next one lies in the same chunk of input. */
let words: Int32Array = new Int32Array(0);

/**
 * Unmasks bytes in place (RFC 6455, section 5.3). The four bytes of the key stand at `key` in `keyBytes`;
 * `phase` says how many bytes of the payload came before. Returns whether all bytes are ASCII.
 */
export function unmask(
  bytes: Uint8Array,
  start: number,
  end: number,
  keyBytes: Uint8Array,
  key: number,
  phase: number,
): boolean {
  const key0 = keyBytes[key + (phase & 3)] ?? 0;
  const key1 = keyBytes[key + ((phase + 1) & 3)] ?? 0;
  const key2 = keyBytes[key + ((phase + 2) & 3)] ?? 0;
  const key3 = keyBytes[key + ((phase + 3) & 3)] ?? 0;
  if (end - start < MIN_WORD_PAYLOAD_BYTES || bytes.length < MIN_WORD_CHUNK_BYTES) {
    return (unmaskBytes(bytes, start, end, key0, key1, key2, key3) & 0x80) === 0;
  }
  // Up to three bytes come before the first whole word of memory, and up to three behind the last.
  const lead = -(bytes.byteOffset + start) & 3;
  const tail = end - ((bytes.byteOffset + end) & 3);
  let seen = unmaskBytes(bytes, start, start + lead, key0, key1, key2, key3);
  if (lead === 0) seen |= unmaskAligned(bytes, start + lead, tail, end, key0, key1, key2, key3);
  else if (lead === 1) seen |= unmaskAligned(bytes, start + lead, tail, end, key1, key2, key3, key0);
  else if (lead === 2) seen |= unmaskAligned(bytes, start + lead, tail, end, key2, key3, key0, key1);
  else seen |= unmaskAligned(bytes, start + lead, tail, end, key3, key0, key1, key2);
  return (seen & HIGH_BITS) === 0;
}

/** Unmasks from the start of a word: words up to `tail`, then bytes. Returns the OR of what it has unmasked. */
function unmaskAligned(
  bytes: Uint8Array,
  start: number,
  tail: number,
  end: number,
  key0: number,
  key1: number,
  key2: number,
  key3: number,
): number {
  const { buffer, byteOffset } = bytes;
  if (words.buffer !== buffer) words = new Int32Array(buffer, 0, buffer.byteLength >>> 2);
  const key = IS_LITTLE_ENDIAN
    ? key0 | (key1 << 8) | (key2 << 16) | (key3 << 24)
    : (key0 << 24) | (key1 << 16) | (key2 << 8) | key3;
  const view = words;
  const last = (byteOffset + tail) >>> 2;
  let seen = 0;
  for (let index = (byteOffset + start) >>> 2; index < last; index++) {
    const word = (view[index] ?? 0) ^ key;
    view[index] = word;
    seen |= word;
  }
  return seen | unmaskBytes(bytes, tail, end, key0, key1, key2, key3);
}

/** Returns the OR of the unmasked bytes. */
function unmaskBytes(
  bytes: Uint8Array,
  start: number,
  end: number,
  key0: number,
  key1: number,
  key2: number,
  key3: number,
): number {
  let seen = 0;
  let at = start;
  for (; at + 4 <= end; at += 4) {
    const byte0 = (bytes[at] ?? 0) ^ key0;
    const byte1 = (bytes[at + 1] ?? 0) ^ key1;
    const byte2 = (bytes[at + 2] ?? 0) ^ key2;
    const byte3 = (bytes[at + 3] ?? 0) ^ key3;
    bytes[at] = byte0;
    bytes[at + 1] = byte1;
    bytes[at + 2] = byte2;
    bytes[at + 3] = byte3;
    seen |= byte0 | byte1 | byte2 | byte3;
  }
  if (at < end) seen |= bytes[at] = (bytes[at] ?? 0) ^ key0;
  if (at + 1 < end) seen |= bytes[at + 1] = (bytes[at + 1] ?? 0) ^ key1;
  if (at + 2 < end) seen |= bytes[at + 2] = (bytes[at + 2] ?? 0) ^ key2;
  return seen;
}
