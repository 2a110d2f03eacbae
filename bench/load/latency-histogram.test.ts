import { expect, test } from "vitest";
import { LatencyHistogram } from "./latency-histogram.ts";

function histogramOf(values: Iterable<number>): LatencyHistogram {
  const histogram = new LatencyHistogram();
  for (const value of values) histogram.record(value);
  return histogram;
}

test("is exact for small latencies", () => {
  const histogram = histogramOf(Array.from({ length: 100 }, (_, index) => index + 1));
  expect(histogram.quantile(0.5)).toBe(50);
  expect(histogram.quantile(0.99)).toBe(99);
  expect(histogram.quantile(1)).toBe(100);
  expect(histogram.total).toBe(100);
});

test("is never below the truth, and at most 1.6 per cent above it", () => {
  for (let value = 1; value < 2 ** 31; value = Math.ceil(value * 1.07)) {
    const measured = histogramOf([value]).quantile(0.5);
    expect(measured).toBeGreaterThanOrEqual(value);
    expect(measured).toBeLessThanOrEqual(value * 1.016);
  }
});

test("keeps the rare slow one apart from the many fast ones", () => {
  const histogram = histogramOf([...new Array<number>(999).fill(10), 1_000_000]);
  expect(histogram.quantile(0.999)).toBe(10);
  expect(histogram.quantile(1)).toBeGreaterThanOrEqual(1_000_000);
});

test("takes what no clock should give", () => {
  expect(histogramOf([-5]).quantile(1)).toBe(0);
  expect(histogramOf([1e15]).quantile(1)).toBe(2 ** 31 - 1);
});

test("says 0 when it is empty, and when it has been reset", () => {
  const histogram = histogramOf([7]);
  histogram.reset();
  expect(histogram.quantile(0.99)).toBe(0);
});
