import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { SEED } from "../../test/support/seed.ts";
import { type Block, newBlock } from "./block.ts";
import { copy, isSame } from "./words.ts";

const RUNS = { seed: SEED, numRuns: 2000 };
const array = fc.uint8Array({ maxLength: 200, size: "max" });

/** A part of some bytes. */
const part = fc.tuple(array, fc.nat(), fc.nat()).map(([bytes, from, to]) => {
  const [start = 0, end = 0] = [from % (bytes.length + 1), to % (bytes.length + 1)].sort((a, b) => a - b);
  return { source: newBlock(Buffer.from(bytes)), start, end };
});

describe(`words (seed ${SEED})`, () => {
  test("copy a part of other bytes, short or long, and nothing besides", () => {
    fc.assert(
      fc.property(part, fc.nat({ max: 9 }), ({ end, source, start }, at) => {
        const target = newBlock(Buffer.alloc(220, 7));
        expect(copy(target, at, source, start, end)).toBe(at + end - start);
        const expected = Buffer.alloc(220, 7);
        source.bytes.copy(expected, at, start, end);
        expect(target.bytes.equals(expected)).toBe(true);
      }),
      RUNS,
    );
  });

  test("find a text where it stands, and only there", () => {
    fc.assert(
      fc.property(part, fc.nat({ max: 9 }), fc.nat(), ({ end, source, start }, at, changed) => {
        const length = end - start;
        const block = newBlock(Buffer.alloc(at + length, 7));
        copy(block, at, source, start, end);
        expect(isSame(source, start, end, block, at)).toBe(true);
        expect(isSame(source, start, end, newBlock(block.bytes.subarray(0, -1)), at)).toBe(length === 0 && at === 0);
        if (length === 0) return;
        flip(block, at + (changed % length));
        expect(isSame(source, start, end, block, at)).toBe(false);
      }),
      RUNS,
    );
  });
});

function flip({ view }: Block, at: number): void {
  view.setUint8(at, view.getUint8(at) ^ 0x81);
}
