import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { validUtf8Prefix } from "./utf8.ts";

/** What the platform's decoder says of text that continues. */
function canGoOn(bytes: Uint8Array): boolean {
  try {
    new TextDecoder("utf-8", { fatal: true }).decode(bytes, { stream: true });
    return true;
  } catch {
    return false;
  }
}

describe("a prefix of text", () => {
  test("is valid up to its last complete character", () => {
    const bytes = Buffer.from("a€🎈");
    const boundaries = [0, 1, 1, 1, 4, 4, 4, 4, 8];
    expect(boundaries.map((_, length) => validUtf8Prefix(bytes, 0, length))).toEqual(boundaries);
  });

  test.each(["80", "c0", "c1", "f5", "e080", "eda0", "f08f", "f490", "e28028", "f09f28", "6180", "ff"])(
    "is invalid as soon as %s arrives",
    (hex) => {
      expect(validUtf8Prefix(Buffer.from(hex, "hex"), 0, hex.length / 2)).toBe(-1);
    },
  );

  test("agrees with the platform's decoder for any bytes", () => {
    const lead = fc.constantFrom(
      0x41,
      0x80,
      0x8f,
      0x90,
      0x9f,
      0xa0,
      0xbf,
      0xc2,
      0xe0,
      0xe2,
      0xed,
      0xf0,
      0xf3,
      0xf4,
      0xf5,
    );
    fc.assert(
      fc.property(fc.array(lead, { maxLength: 8 }), (values) => {
        const bytes = Buffer.from(values);
        expect(validUtf8Prefix(bytes, 0, bytes.length) >= 0).toBe(canGoOn(bytes));
      }),
      { numRuns: 20_000 },
    );
  });
});
