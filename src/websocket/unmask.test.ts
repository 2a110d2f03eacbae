import { expect, test } from "vitest";
import { unmask } from "./unmask.ts";

const KEY = Uint8Array.of(0x11, 0x82, 0x7f, 0xff);
const LENGTHS = [0, 1, 2, 3, 4, 5, 7, 8, 9, 15, 63, 64, 65, 66, 67, 68, 127, 200, 700, 1027];

function naive(bytes: Buffer, start: number, end: number, phase: number): Uint8Array {
  return Uint8Array.from(bytes, (byte, index) => {
    if (index < start || index >= end) return byte;
    return byte ^ (KEY[(index - start + phase) % 4] ?? 0);
  });
}

/** Bytes whose start lies at any place of a word of memory. */
function memory(length: number, offset: number): Buffer {
  const bytes = Buffer.from(new ArrayBuffer(length + offset), offset, length);
  for (let index = 0; index < length; index++) bytes[index] = (index * 7 + length) & 0xff;
  return bytes;
}

test.each([40, 1200])("unmasks any span at any alignment and phase, in a chunk of at least %d bytes", (spare) => {
  for (const length of LENGTHS) {
    for (let start = 0; start < 5; start++) {
      for (let place = 0; place < 16; place++) {
        const bytes = memory(length + spare, place >> 2);
        const expected = naive(bytes, start, start + length, place & 3);
        unmask(bytes, start, start + length, KEY, 0, place & 3);
        expect(Buffer.compare(bytes, expected), `${length} bytes at ${start}, ${place}`).toBe(0);
      }
    }
  }
});

test("says whether the unmasked bytes are ASCII, wherever the other byte is", () => {
  for (const length of [3, 70, 600]) {
    for (let other = -1; other < length; other++) {
      const bytes = Buffer.alloc(length + 600, 0x61);
      if (other >= 0) bytes[other + 1] = 0xc3;
      // Masking is its own inverse.
      unmask(bytes, 1, length + 1, KEY, 0, 0);
      expect(unmask(bytes, 1, length + 1, KEY, 0, 0), `${length} ${other}`).toBe(other < 0);
    }
  }
});

test("takes the key from any place, also from the bytes in front of the payload", () => {
  const bytes = Buffer.of(9, 9, 1, 2, 3, 4, 0x60, 0x60, 0x60, 0x60, 0x60);
  unmask(bytes, 6, 11, bytes, 2, 0);
  expect([...bytes]).toEqual([9, 9, 1, 2, 3, 4, 0x61, 0x62, 0x63, 0x64, 0x61]);
});
