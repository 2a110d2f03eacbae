import { constants, deflateRawSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { compress, decompress, maxCompressedBytes } from "./deflate.ts";

describe("compression", () => {
  test.each([0, 1, 2, 100, 511, 512, 513, 5000, 32768, 32769, 200_000])(
    "gives back a message of %d bytes",
    (length) => {
      const message = Buffer.from("abcde fghij".repeat(Math.ceil(length / 11)).slice(0, length));
      const compressed = compress(message);
      expect(decompress(compressed, length).equals(message)).toBe(true);
      if (length > 100) expect(compressed.length).toBeLessThan(length / 2);
    },
  );

  test("of an empty message is one byte (RFC 7692, section 7.2.3.6)", () => {
    expect(compress(Buffer.alloc(0)).toString("hex")).toBe("00");
  });

  test("reads the examples of RFC 7692, section 7.2.3", () => {
    for (const hex of [
      "f248cdc9c90700",
      "000500faff48656c6c6f00",
      "f348cdc9c9070000",
      "f248050000 00ffff cac9c90700",
    ]) {
      expect(decompress(Buffer.from(hex.replaceAll(" ", ""), "hex"), 5).toString()).toBe("Hello");
    }
  });
});

describe("a message that inflates", () => {
  const megabytes = 64;
  const bomb = deflateRawSync(Buffer.alloc(megabytes * 1024 * 1024), { finishFlush: constants.Z_SYNC_FLUSH });

  test("to the limit is accepted, to one byte more is too big", () => {
    const payload = compress(Buffer.alloc(1000, 1));
    expect(decompress(payload, 1000).length).toBe(1000);
    expect(() => decompress(payload, 999)).toThrow(expect.objectContaining({ code: 1009 }));
    expect(() => decompress(compress(Buffer.from("x")), 0)).toThrow(expect.objectContaining({ code: 1009 }));
  });

  test("stops at the limit, and the rest is not inflated", () => {
    const before = process.memoryUsage().arrayBuffers;
    for (let round = 0; round < 20; round++) {
      expect(() => decompress(bomb, 1000)).toThrow(expect.objectContaining({ code: 1009 }));
    }
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan((megabytes * 1024 * 1024) / 8);
  });

  test("from data that is no deflate stream is invalid", () => {
    expect(() => decompress(Buffer.from("07010203", "hex"), 100)).toThrow(expect.objectContaining({ code: 1007 }));
  });

  test("may pad its final block, and may put no data behind it", () => {
    const final = deflateRawSync(Buffer.from("Hello"));
    expect(decompress(Buffer.concat([final, Buffer.alloc(1)]), 100).toString()).toBe("Hello");
    expect(() => decompress(Buffer.concat([final, final]), 100)).toThrow(expect.objectContaining({ code: 1007 }));
  });
});

test.each([0, 1, 100, 65536, 1_000_000])("a message of %d bytes that does not compress fits its limit", (length) => {
  const noise = Buffer.alloc(length);
  let state = 1;
  for (let index = 0; index < length; index++) {
    state = (Math.imul(state, 1664525) + 1013904223) | 0;
    noise[index] = state >>> 24;
  }
  expect(compress(noise).length).toBeLessThanOrEqual(maxCompressedBytes(length));
});
