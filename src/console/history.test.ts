import { expect, test } from "vitest";
import { IDLE_STATS } from "../../test/support/idle-stats.ts";
import { HISTORY_MS, MAX_HAPPENINGS, type Sample, type Told, withHappenings, withSamples } from "./history.ts";

const samplesAt = (...times: number[]): Sample[] => times.map((atMs) => ({ atMs, stats: IDLE_STATS }));
const timesOf = (samples: readonly Sample[]) => samples.map(({ atMs }) => atMs);

test("new samples stand behind those that were there", () => {
  expect(timesOf(withSamples(samplesAt(1, 2), samplesAt(3, 4)))).toEqual([1, 2, 3, 4]);
  expect(withSamples([], [])).toEqual([]);
});

test("a replay does not show the same sample twice", () => {
  expect(timesOf(withSamples(samplesAt(1, 2, 3), samplesAt(2, 3, 4)))).toEqual([1, 2, 3, 4]);
});

test("samples go when they are older than the history", () => {
  const samples = withSamples(samplesAt(0, 1000), samplesAt(HISTORY_MS + 1));
  expect(timesOf(samples)).toEqual([1000, HISTORY_MS + 1]);
});

test("a clock that was set back leaves what is before", () => {
  expect(timesOf(withSamples(samplesAt(1000, 5000, 6000), samplesAt(2000)))).toEqual([1000, 2000]);
});

const told = (...ids: string[]): Told[] => {
  return ids.map((id) => ({ id, atMs: 0, happening: { code: "RELOADED", level: "info", message: "", count: 1 } }));
};
const idsOf = (list: readonly Told[]) => list.map(({ id }) => id);

test("the newest happening stands first, and one that comes again is left out", () => {
  expect(idsOf(withHappenings(told("b", "a"), told("a", "b", "c", "d")))).toEqual(["d", "c", "b", "a"]);
});

test("no more than a thousand happenings are kept", () => {
  const ids = Array.from({ length: MAX_HAPPENINGS }, (_, index) => `old-${index}`);
  const list = withHappenings(told(...ids), told("new"));
  expect([list.length, list[0]?.id, list.at(-1)?.id]).toEqual([MAX_HAPPENINGS, "new", `old-${MAX_HAPPENINGS - 2}`]);
});
