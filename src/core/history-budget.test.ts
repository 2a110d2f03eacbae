import { describe, expect, test, vi } from "vitest";
import { randomFrom } from "../../test/client-suite/context.ts";
import { collectGarbage } from "../../test/support/garbage.ts";
import { SEED } from "../../test/support/seed.ts";
import { encodeEnd } from "../protocol/encode.ts";
import { draftOf } from "./draft.ts";
import { HistoryBudget } from "./history-budget.ts";
import { Log, textsOf } from "./log.ts";

const END = encodeEnd("2025-01-15T10:00:00.123Z");
/** Logs whose sizes differ by less than this factor count as equal. */
const TOLERANCE = 1.13;

function logOf(name: string, capacity: number, budget: HistoryBudget): Log {
  return new Log({ name, nameJson: JSON.stringify(name) }, `epoch of ${name}`, capacity, budget);
}

function publish(log: Log, payloadBytes: number): number {
  const offset = log.append(draftOf('"m"', `"${"x".repeat(payloadBytes)}"`), END);
  log.flushed();
  return offset;
}

function offsetsOf(log: Log): number[] {
  const range = log.last(log.heldCount);
  return range === undefined ? [] : textsOf(range).map(({ offset }) => offset);
}

describe("the history of all topics", () => {
  test("loses the oldest events of the largest topics first", () => {
    // Each of the large events has a chunk of its own.
    const budget = new HistoryBudget(400_000);
    const [small, large] = [logOf("small", 100, budget), logOf("large", 100, budget)];
    publish(small, 1000);
    for (let i = 0; i < 10; i++) publish(large, 70_000);
    expect(offsetsOf(small)).toEqual([1]);
    expect(offsetsOf(large)).toEqual([6, 7, 8, 9, 10]);
    expect([large.oldestOffset, large.newestOffset, large.heldCount]).toEqual([6, 10, 5]);
    expect([large.holdsAllAfter(5), large.holdsAllAfter(4)]).toEqual([true, false]);
    expect([large.event(5), large.event(6)?.offset]).toEqual([undefined, 6]);
    expect(budget.evictedCount).toBe(5);
    expect(budget.heldBytes).toBe(small.heldBytes + large.heldBytes);
  });

  test("does not keep an event that is larger than all of it may be", () => {
    const budget = new HistoryBudget(5000);
    const log = logOf("t", 100, budget);
    publish(log, 100);
    publish(log, 10_000);
    expect([log.heldCount, log.newestOffset, budget.heldBytes]).toEqual([0, 2, 0]);
    expect(publish(log, 100)).toBe(3);
    expect(offsetsOf(log)).toEqual([3]);
  });

  test("keeps what subscribers have not been given, and drops it after the flush", () => {
    const budget = new HistoryBudget(5000);
    const log = logOf("t", 100, budget);
    log.append(draftOf('"m"', `"${"x".repeat(10_000)}"`), END);
    budget.enforce();
    expect(log.newest().count).toBe(1);
    log.flushed();
    expect(log.heldCount).toBe(0);
  });

  test("leaves readers of evicted events their way to the newer ones", () => {
    const budget = new HistoryBudget(15_000);
    const log = logOf("t", 100, budget);
    publish(log, 10_000);
    const range = log.last(1);
    publish(log, 10_000);
    publish(log, 10_000);
    expect(offsetsOf(log)).toEqual([3]);
    const joined = range === undefined ? undefined : log.extended(range);
    expect(joined && textsOf(joined).map(({ offset }) => offset)).toEqual([1, 2, 3]);
  });

  test("compares topics by the size that they have now, not by the size that they had once", () => {
    const budget = new HistoryBudget(400_000);
    const [shrunken, large] = [logOf("shrunken", 3, budget), logOf("large", 100, budget)];
    for (let i = 0; i < 3; i++) publish(shrunken, 100_000);
    for (let i = 0; i < 9; i++) publish(shrunken, 10_000);
    const held = offsetsOf(shrunken);
    for (let i = 0; i < 10; i++) publish(large, 70_000);
    expect(offsetsOf(shrunken)).toEqual(held);
    expect(budget.heldBytes).toBe(shrunken.heldBytes + large.heldBytes);
  });

  test("is not sorted anew by topics whose sizes go up and down", () => {
    const budget = new HistoryBudget(10_000_000);
    const log = logOf("t", 3, budget);
    const sizes = new Set<number>();
    const round = () => {
      for (const size of [70_000, 10, 10, 10, 10]) {
        publish(log, size);
        sizes.add(Math.round(log.heldBytes / 50_000));
      }
    };
    // What buffers and chunks it gets settles, and with that its largest size.
    for (let i = 0; i < 10; i++) round();
    using added = vi.spyOn(Set.prototype, "add");
    for (let i = 0; i < 10; i++) round();
    expect(added.mock.calls.filter(([item]) => item === log)).toEqual([]);
    expect(sizes.size).toBeGreaterThan(1);
  });

  test("does not keep a topic that is gone", async () => {
    const budget = new HistoryBudget(1_000_000);
    const gone = (() => {
      const log = logOf("t", 3, budget);
      for (const size of [70_000, 10, 10, 10, 10]) publish(log, size);
      log.release();
      return new WeakRef(log);
    })();
    // A WeakRef keeps its target until the turn ends.
    await new Promise(setImmediate);
    collectGarbage();
    expect(gone.deref()).toBeUndefined();
  });

  test("is given back by a topic that is gone", () => {
    const budget = new HistoryBudget(60_000);
    const log = logOf("t", 100, budget);
    for (let i = 0; i < 5; i++) publish(log, 1000);
    log.release();
    expect([log.heldBytes, budget.heldBytes, budget.evictedCount]).toEqual([0, 0, 0]);
  });

  test(`stays within its bound, and each topic keeps its newest events in order (seed ${SEED})`, () => {
    const random = randomFrom(SEED);
    const below = (n: number) => Math.floor(random() * n);
    for (let round = 0; round < 50; round++) {
      const budget = new HistoryBudget(20_000 + below(200_000));
      const logs = Array.from({ length: 1 + below(20) }, (_, i) => logOf(`t${i}`, below(30), budget));
      for (let step = 0; step < 300; step++) {
        const log = logs[below(logs.length)];
        if (log === undefined) continue;
        const before = logs.map(({ heldBytes }) => heldBytes);
        if (below(100) === 0) log.release();
        else publish(log, 10 ** (1 + below(4)) + below(500));
        const largest = Math.max(...logs.map(({ heldBytes }) => heldBytes));
        for (const [i, other] of logs.entries()) {
          const shrank = other !== log && other.heldBytes < (before[i] ?? 0);
          if (shrank) expect((before[i] ?? 0) * TOLERANCE).toBeGreaterThan(largest);
        }
        expect(budget.heldBytes).toBeLessThanOrEqual(budget.maxBytes);
        expect(budget.heldBytes).toBe(logs.reduce((sum, { heldBytes }) => sum + heldBytes, 0));
        const offsets = offsetsOf(log);
        expect(offsets).toEqual(offsets.map((_, i) => log.newestOffset - offsets.length + 1 + i));
        expect([offsets.length, log.oldestOffset]).toEqual([log.heldCount, offsets[0] ?? 0]);
      }
    }
  });
});
