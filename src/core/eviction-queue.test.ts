import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { SEED } from "../../test/support/seed.ts";
import { EvictionQueue } from "./eviction-queue.ts";

const isEven = (item: number) => item % 2 === 0;

function drain(queue: EvictionQueue<number>): (number | undefined)[] {
  return Array.from({ length: queue.size }, () => queue.shift());
}

describe("an eviction queue", () => {
  test("gives back what came first, however long it is", () => {
    const queue = new EvictionQueue<number>(isEven);
    const items = Array.from({ length: 1000 }, (_, n) => n);
    for (const item of items) queue.push(item);
    expect(queue.size).toBe(1000);
    expect(drain(queue)).toEqual(items);
    expect(queue.shift()).toBeUndefined();
    expect(queue.peek()).toBeUndefined();
  });

  test("evicts the oldest of its kind, from between the others", () => {
    const queue = new EvictionQueue<number>(isEven);
    for (const item of [1, 2, 3, 4, 5]) queue.push(item);
    expect([queue.evictOldest(), queue.evictOldest(), queue.evictOldest()]).toEqual([2, 4, undefined]);
    queue.push(6);
    expect(queue.evictOldest()).toBe(6);
    expect(drain(queue)).toEqual([1, 3, 5]);
  });

  test(`does what a plain list does (seed ${SEED})`, () => {
    // Items of one kind more often than of the other, and far more of them than a chunk holds.
    const push = fc.record({ push: fc.oneof({ weight: 9, arbitrary: fc.constant(0) }, fc.constant(1)) });
    const others = fc.constantFrom("shift" as const, "evict" as const, "clear" as const);
    const step = fc.oneof(
      { weight: 60, arbitrary: push },
      { weight: 49, arbitrary: fc.constantFrom("shift" as const, "evict" as const) },
      { weight: 1, arbitrary: others },
    );
    fc.assert(
      fc.property(fc.array(step, { minLength: 500, maxLength: 3000 }), (steps) => {
        const queue = new EvictionQueue<number>(isEven);
        let model: number[] = [];
        for (const [n, what] of steps.entries()) {
          if (typeof what !== "string") {
            queue.push(2 * n + what.push);
            model.push(2 * n + what.push);
          } else if (what === "shift") {
            expect(queue.shift()).toBe(model.shift());
          } else if (what === "evict") {
            const oldest = model.find(isEven);
            expect(queue.evictOldest()).toBe(oldest);
            model = model.filter((item) => item !== oldest);
          } else {
            queue.clear();
            model = [];
          }
          expect(queue.size).toBe(model.length);
          expect(queue.peek()).toBe(model[0]);
        }
        expect(drain(queue)).toEqual(model);
      }),
      { seed: SEED, numRuns: 100 },
    );
  });
});
