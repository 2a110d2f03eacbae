import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { SEED } from "../../test/support/seed.ts";
import { RingBuffer } from "./ring-buffer.ts";

function filled(capacity: number, count: number): RingBuffer<number> {
  const ring = new RingBuffer<number>(capacity);
  for (let i = 1; i <= count; i++) ring.push(i);
  return ring;
}

describe("RingBuffer", () => {
  test("holds what fits, in order", () => {
    const ring = filled(3, 2);
    expect(ring.size).toBe(2);
    expect(ring.newest(3)).toEqual([1, 2]);
  });

  test("gives up the oldest for the newest", () => {
    const ring = filled(3, 5);
    expect(ring.size).toBe(3);
    expect(ring.newest(3)).toEqual([3, 4, 5]);
    expect(ring.newest(2)).toEqual([4, 5]);
    expect(ring.newest(0)).toEqual([]);
    expect(ring.newest(Number.MAX_SAFE_INTEGER)).toEqual([3, 4, 5]);
  });

  test("of capacity 0 holds nothing", () => {
    const ring = filled(0, 5);
    expect(ring.size).toBe(0);
    expect(ring.newest(5)).toEqual([]);
  });

  test("hands out a list of its own", () => {
    const ring = filled(2, 2);
    const before = ring.newest(2);
    ring.push(3);
    expect(before).toEqual([1, 2]);
  });

  test(`is the end of all that was pushed, whatever its capacity (seed ${SEED})`, () => {
    const numbers = fc.nat({ max: 30 });
    fc.assert(
      fc.property(numbers, numbers, numbers, (capacity, count, asked) => {
        const all = Array.from({ length: count }, (_, i) => i + 1);
        const held = all.slice(Math.max(0, count - capacity));
        const ring = filled(capacity, count);
        expect(ring.size).toBe(held.length);
        expect(ring.newest(asked)).toEqual(held.slice(Math.max(0, held.length - asked)));
      }),
      { seed: SEED, numRuns: 1000 },
    );
  });
});
