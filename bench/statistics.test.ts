import { expect, test } from "vitest";
import { median, spreadOf } from "./statistics.ts";

test("the median is the middle value, whatever the order", () => {
  expect(median([3, 1, 2])).toBe(2);
  expect(median([10])).toBe(10);
});

test("the median of an even number of values lies between the two in the middle", () => {
  expect(median([4, 1, 3, 2])).toBe(2.5);
});

test("numbers are ordered as numbers", () => {
  expect(median([9, 10, 100])).toBe(10);
});

test("there is no median of nothing", () => {
  expect(() => median([])).toThrow(RangeError);
});

test("a spread has both ends", () => {
  expect(spreadOf([5, 1, 9])).toEqual({ median: 5, min: 1, max: 9 });
});
