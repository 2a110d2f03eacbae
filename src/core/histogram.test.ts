import { describe, expect, test } from "vitest";
import { Histogram } from "./histogram.ts";

describe("Histogram", () => {
  test("counts a value up to the first bound that is not below it", () => {
    const histogram = new Histogram([1, 5]);
    for (const value of [0, 1, 1.5, 5, 6, 100]) histogram.observe(value);
    expect(histogram.counts).toEqual([2, 2, 2]);
    expect(histogram.sum).toBe(113.5);
  });

  test("counts a value as often as it occurred", () => {
    const histogram = new Histogram([1]);
    histogram.observe(0.5, 4);
    histogram.observe(3, 0);
    expect(histogram.counts).toEqual([4, 0]);
    expect(histogram.sum).toBe(2);
  });
});
