import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { SEED } from "../../test/support/seed.ts";
import { digitCount, writeDecimal } from "./decimal.ts";

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

describe(`decimals (seed ${SEED})`, () => {
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
});
