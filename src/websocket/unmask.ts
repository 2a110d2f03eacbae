import { blockOf } from "../bytes/block.ts";

const HIGH_BITS = 0x80808080 | 0;

/**
 * Unmasks bytes in place (RFC 6455, section 5.3). The four bytes of the key stand at `key` in `keyBytes`;
 * `phase` says how many bytes of the payload came before. Returns whether all bytes are ASCII.
 */
export function unmask(
  bytes: Buffer,
  start: number,
  end: number,
  keyBytes: Uint8Array,
  key: number,
  phase: number,
): boolean {
  const { view } = blockOf(bytes);
  const key0 = keyBytes[key + (phase & 3)] ?? 0;
  const key1 = keyBytes[key + ((phase + 1) & 3)] ?? 0;
  const key2 = keyBytes[key + ((phase + 2) & 3)] ?? 0;
  const key3 = keyBytes[key + ((phase + 3) & 3)] ?? 0;
  const keyWord = key0 | (key1 << 8) | (key2 << 16) | (key3 << 24);
  let seen = 0;
  let at = start;
  for (const last = end - 4; at <= last; at += 4) {
    const word = view.getInt32(at, true) ^ keyWord;
    view.setInt32(at, word, true);
    seen |= word;
  }
  if (at < end) seen |= bytes[at] = (bytes[at] ?? 0) ^ key0;
  if (at + 1 < end) seen |= bytes[at + 1] = (bytes[at + 1] ?? 0) ^ key1;
  if (at + 2 < end) seen |= bytes[at + 2] = (bytes[at + 2] ?? 0) ^ key2;
  return (seen & HIGH_BITS) === 0;
}
