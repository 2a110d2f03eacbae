import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { SEED } from "../../test/support/seed.ts";
import { formatDuration, parseDuration } from "./duration.ts";

describe("parseDuration", () => {
  test.each([
    ["0", 0],
    ["0s", 0],
    ["300ms", 300],
    ["10s", 10_000],
    ["1.5s", 1500],
    ["1m30s", 90_000],
    ["1h", 3_600_000],
    ["1h0m0.25s", 3_600_250],
    ["90m", 5_400_000],
    ["+1s", 1000],
    [".5s", 500],
    ["1.s", 1000],
    ["1500us", 2],
    ["2000\u00b5s", 2],
    ["2000\u03bcs", 2],
    ["1000000ns", 1],
  ])("understands %s", (text, ms) => {
    expect(parseDuration(text)).toBe(ms);
  });

  test.each([
    "",
    "10",
    "s",
    "10 s",
    " 10s",
    "10s ",
    "-1s",
    "++1s",
    ".s",
    "1d",
    "1e3s",
    "ten",
    "1s1",
    "1,5s",
    "10S",
    "0x1s",
  ])("refuses %j", (text) => {
    expect(parseDuration(text)).toBe(undefined);
  });

  // Each was read in a time that grew with the square of its length: half a minute for this much, by anybody's request.
  test.each(["1", "1.1", ".1", "1s", "1h.5"])(
    "refuses a hundred thousand times %j, with something behind, at once",
    (piece) => {
      const startMs = performance.now();
      expect(parseDuration(`${piece.repeat(100_000)}x`)).toBe(undefined);
      expect(performance.now() - startMs).toBeLessThan(2000);
    },
  );

  test("refuses what no number can hold", () => {
    expect(parseDuration("9999999999999999h")).toBe(undefined);
  });
});

describe("formatDuration", () => {
  test.each([
    [0, "0s"],
    [300, "300ms"],
    [1000, "1s"],
    [1500, "1.5s"],
    [60_000, "1m0s"],
    [90_000, "1m30s"],
    [3_600_000, "1h0m0s"],
    [90_061_000, "25h1m1s"],
  ])("writes %d ms as Go does", (ms, text) => {
    expect(formatDuration(ms)).toBe(text);
  });

  test(`writes what parseDuration reads back (seed ${SEED})`, () => {
    fc.assert(
      fc.property(fc.nat({ max: 10 ** 9 }), (ms) => {
        expect(parseDuration(formatDuration(ms))).toBe(ms);
      }),
      { seed: SEED, numRuns: 1000 },
    );
  });
});
