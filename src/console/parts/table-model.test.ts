import { describe, expect, test } from "vitest";
import { arrange, nameOrder, nextSort, rowAfterKey, scrollTopFor, windowOf } from "./table-model.ts";

describe("the window of a table", () => {
  const viewport = { scrollTop: 0, height: 400, rowHeight: 40 };

  test("has what shows and a little more", () => {
    expect(windowOf(viewport, 10_000)).toEqual({ first: 0, end: 16 });
    expect(windowOf({ ...viewport, scrollTop: 4010 }, 10_000)).toEqual({ first: 94, end: 117 });
  });

  test("ends with the rows", () => {
    expect(windowOf({ ...viewport, scrollTop: 399_600 }, 10_000)).toEqual({ first: 9984, end: 10_000 });
    expect(windowOf(viewport, 3)).toEqual({ first: 0, end: 3 });
    expect(windowOf(viewport, 0)).toEqual({ first: 0, end: 0 });
  });

  test("shows the last rows when there are suddenly fewer than it was scrolled past", () => {
    expect(windowOf({ ...viewport, scrollTop: 399_600 }, 20)).toEqual({ first: 4, end: 20 });
  });
});

describe("keys in a table", () => {
  test.each([
    ["ArrowDown", 5, 6],
    ["ArrowDown", -1, 0],
    ["ArrowDown", 99, 99],
    ["ArrowUp", 5, 4],
    ["ArrowUp", 0, 0],
    ["PageDown", 5, 15],
    ["PageDown", 95, 99],
    ["PageUp", 5, 0],
    ["Home", 50, 0],
    ["End", 50, 99],
    ["a", 50, undefined],
  ])("%s leads from row %d to row %p", (key, from, to) => {
    expect(rowAfterKey(key, from, 100, 10)).toBe(to);
  });

  test("the table scrolls no further than the row needs", () => {
    const viewport = { scrollTop: 400, height: 400, rowHeight: 40 };
    expect(scrollTopFor(12, viewport)).toBe(400);
    expect(scrollTopFor(9, viewport)).toBe(360);
    expect(scrollTopFor(20, viewport)).toBe(440);
  });
});

describe("the order of rows", () => {
  interface Item {
    readonly name: string;
    readonly rate: number | undefined;
  }
  const item = (name: string, rate?: number): Item => ({ name, rate });
  const ordered = (items: readonly Item[], isDescending: boolean) =>
    arrange(
      items,
      ({ rate }) => rate,
      isDescending,
      ({ name }) => name,
    ).map(({ name }) => name);

  test("is by value, then by name, and unknown values stand last either way", () => {
    const items = [item("d"), item("c", 1), item("b", 2), item("a", 1)];
    expect(ordered(items, false)).toEqual(["a", "c", "b", "d"]);
    expect(ordered(items, true)).toEqual(["b", "a", "c", "d"]);
  });

  test("leaves the rows as they were", () => {
    const names = ["c", "a", "b"];
    const self = (name: string) => name;
    expect(arrange(names, self, true, self)).toEqual(["c", "b", "a"]);
    expect(names).toEqual(["c", "a", "b"]);
  });

  test("takes names as people do", () => {
    const names = ["topic-10", "Topic-9", "alpha", "topic-9b"];
    const self = (name: string) => name;
    expect(arrange(names, nameOrder, false, self)).toEqual(["alpha", "Topic-9", "topic-9b", "topic-10"]);
  });

  test("turns around at the second click on a header", () => {
    const first = nextSort({ column: "name", isDescending: false }, "rate", true);
    expect(first).toEqual({ column: "rate", isDescending: true });
    expect(nextSort(first, "rate", true)).toEqual({ column: "rate", isDescending: false });
    expect(nextSort(first, "name", false)).toEqual({ column: "name", isDescending: false });
  });
});
