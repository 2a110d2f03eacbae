import { expect, test } from "vitest";
import { SequenceCheck } from "./sequence-check.ts";

function arrivals(...sequences: readonly number[]): string[] {
  const check = new SequenceCheck();
  return sequences.map((sequence) => check.accept(sequence));
}

test("is content with every number once, in order", () => {
  expect(arrivals(0, 1, 2, 3)).toEqual(["expected", "expected", "expected", "expected"]);
});

test("tells a number that comes late from one that comes twice", () => {
  expect(arrivals(0, 3, 1, 1, 3, 2)).toEqual(["expected", "expected", "late", "duplicate", "duplicate", "late"]);
});
