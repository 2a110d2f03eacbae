import { expect, test } from "vitest";
import { IDLE_STATS } from "../../../../test/support/idle-stats.ts";
import type { Sample } from "../../history.ts";
import { formatCount } from "../../parts/format.ts";
import { describe, indexNear, type Line, scaleEnd, summaryOf } from "./series.ts";

const sample = (atMs: number, clients = 0): Sample => ({ atMs, stats: { ...IDLE_STATS, clients } });
const CLIENTS: Line = { label: "Clients", of: (stats) => stats.clients };

test("a line comes to its last, lowest and highest value", () => {
  const summary = summaryOf([sample(1, 5), sample(2, 1), sample(3, 9), sample(4, 4)], CLIENTS);
  expect(summary).toEqual({ latest: 4, lowest: 1, highest: 9 });
  expect(summaryOf([], CLIENTS)).toBe(undefined);
});

test("a line is told in words", () => {
  expect(describe(CLIENTS, { latest: 4, lowest: 1, highest: 1200 }, formatCount)).toBe(
    "Clients: now 4, lowest 1, highest 1,200",
  );
});

test("the sample next to a time is found, before, between and behind all", () => {
  const samples = [1000, 2000, 3000, 9000].map((atMs) => sample(atMs));
  expect([0, 1000, 1400, 1600, 3000, 5999, 6001, 99_999].map((atMs) => indexNear(samples, atMs))).toEqual([
    0, 0, 0, 1, 2, 2, 3, 3,
  ]);
  expect(indexNear([], 5)).toBe(-1);
});

test("scales end at a round number, of tens or of bytes", () => {
  expect([0, 0.03, 1, 1.5, 3, 5, 999, 1000, 41_000].map((value) => scaleEnd(value, 10))).toEqual([
    1, 0.04, 1, 2, 4, 10, 1000, 1000, 100_000,
  ]);
  expect([0, 1, 700, 1024, 3000, 900 * 1024].map((value) => scaleEnd(value, 1024))).toEqual([
    1,
    1,
    1024,
    1024,
    4096,
    1024 ** 2,
  ]);
});
