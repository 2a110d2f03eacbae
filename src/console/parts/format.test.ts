import { expect, test } from "vitest";
import {
  formatAge,
  formatByteRate,
  formatBytes,
  formatCompact,
  formatCount,
  formatDateTime,
  formatDuration,
  formatMillis,
  formatPercent,
  formatRate,
  formatTime,
} from "./format.ts";

const SECOND_MS = 1000;
const HOUR_MS = 3600 * SECOND_MS;

test("counts are in full, and compact where space is short", () => {
  expect(formatCount(1_234_567)).toBe("1,234,567");
  expect([0, 0.25, 9999, 12_345, 2_500_000].map(formatCompact)).toEqual(["0", "0.25", "9,999", "12.3K", "2.5M"]);
});

test("bytes have three digits that count, and the unit that fits", () => {
  expect([0, 999, 1000, 1024, 16 * 1024 ** 2, 1.5 * 1024 ** 3].map(formatBytes)).toEqual([
    "0 B",
    "999 B",
    "0.977 KiB",
    "1 KiB",
    "16 MiB",
    "1.5 GiB",
  ]);
  expect(formatBytes(5000 * 1024 ** 4)).toBe("5,000 TiB");
  expect(formatByteRate(2048)).toBe("2 KiB/s");
});

test("rates, shares and delays keep decimals only while they are small", () => {
  expect([0, 0.333333, 12.345, 2013.4].map(formatRate)).toEqual(["0/s", "0.333/s", "12.3/s", "2,013/s"]);
  expect([0, 12.34, 199.6].map(formatPercent)).toEqual(["0%", "12.3%", "200%"]);
  expect([0, 1.234, 1500.4].map(formatMillis)).toEqual(["0 ms", "1.23 ms", "1,500 ms"]);
});

test("durations are the two largest units that say anything", () => {
  expect([-5, 0, 45 * SECOND_MS, 125 * SECOND_MS, HOUR_MS, 76 * HOUR_MS + 59_000].map(formatDuration)).toEqual([
    "0 s",
    "0 s",
    "45 s",
    "2 min 5 s",
    "1 h",
    "3 d 4 h",
  ]);
});

test("ages are one unit, and never in the future", () => {
  const nowMs = 100 * HOUR_MS;
  const ages = [-10, 0.5, 5, 125, 3 * 3600, 50 * 3600].map((sec) => formatAge(nowMs - sec * SECOND_MS, nowMs));
  expect(ages).toEqual(["just now", "just now", "5 s ago", "2 min ago", "3 h ago", "2 d ago"]);
});

test("times are the user's, with two digits each", () => {
  const atMs = new Date(2026, 0, 5, 7, 8, 9, 12).getTime();
  expect(formatTime(atMs)).toBe("07:08:09");
  expect(formatDateTime(atMs)).toBe("2026-01-05 07:08:09.012");
});
