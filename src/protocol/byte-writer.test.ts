import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { SEED } from "../../test/support/seed.ts";
import { copyBytes, digitCount, writeDecimal } from "./byte-writer.ts";

const numbers = fc.oneof(
  fc.nat({ max: Number.MAX_SAFE_INTEGER }),
  fc.nat({ max: 1000 }),
  fc.constantFrom(
    0,
    9,
    10,
    99,
    100,
    2 ** 31 - 1,
    2 ** 32,
    999_999_999_999_999,
    1_000_000_000_000_000,
    Number.MAX_SAFE_INTEGER,
  ),
);

describe(`writing bytes (seed ${SEED})`, () => {
  test("a whole number is written in decimal, with as many digits as were announced", () => {
    fc.assert(
      fc.property(numbers, fc.nat({ max: 5 }), (value, at) => {
        const target = Buffer.alloc(30, ".");
        const end = writeDecimal(target, at, value);
        expect(digitCount(value)).toBe(String(value).length);
        expect(target.toString("latin1")).toBe(`${".".repeat(at)}${value}`.padEnd(30, "."));
        expect(end).toBe(at + String(value).length);
      }),
      { seed: SEED, numRuns: 1000 },
    );
  });

  test("a part of other bytes is copied, short or long, and nothing besides", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), fc.nat(), fc.nat(), fc.nat({ max: 9 }), (array, from, to, at) => {
        const source = Buffer.from(array);
        const start = Math.min(from % (source.length + 1), to % (source.length + 1));
        const end = Math.max(from % (source.length + 1), to % (source.length + 1));
        const target = Buffer.alloc(220, 7);
        expect(copyBytes(target, at, source, start, end)).toBe(at + end - start);
        const expected = Buffer.alloc(220, 7);
        source.copy(expected, at, start, end);
        expect(target.equals(expected)).toBe(true);
      }),
      { seed: SEED, numRuns: 1000 },
    );
  });
});
