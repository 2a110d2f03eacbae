import { describe, expect, test } from "vitest";
import {
  firstOpened,
  type JsonRow,
  membersOf,
  type Opened,
  readNode,
  rowsOf,
  STEP,
  sourceOf,
  tokensOf,
} from "./json-tree.ts";

function shape(text: string, opened: Opened): string[] {
  return rowsOf(text, readNode(text), opened).map((row) => line(text, row));
}

function line(text: string, { depth, hasNext, key, kind, left, node }: JsonRow): string {
  const open = node.kind === "array" ? "[" : "{";
  const close = node.kind === "array" ? "]" : "}";
  const what = {
    value: sourceOf(text, node),
    folded: `${open}…${node.count}${close}`,
    open,
    close,
    more: `+${left}`,
  }[kind];
  return `${"  ".repeat(depth)}${key === undefined ? "" : `${key}: `}${what}${hasNext ? "," : ""}`;
}

function opensAll(text: string): string[] {
  return shape(text, firstOpened(text, readNode(text)));
}

describe("a JSON tree", () => {
  test("shows each value on a line, with the commas of the text", () => {
    expect(opensAll(' {"a" : [1, {"b":null} ,[]], "c":{}, "d":"x"} ')).toEqual([
      "{",
      '  "a": [',
      "    1,",
      "    {",
      '      "b": null',
      "    },",
      "    []",
      "  ],",
      '  "c": {},',
      '  "d": "x"',
      "}",
    ]);
  });

  test("leaves numbers, escapes and doubled keys as they were written", () => {
    const text = String.raw`{"n":9007199254740993,"n":1e400,"-":-0.10,"s\u0041":"\ud800\"\\","t":"]},"}`;
    expect(opensAll(text)).toEqual([
      "{",
      '  "n": 9007199254740993,',
      '  "n": 1e400,',
      '  "-": -0.10,',
      String.raw`  "s\u0041": "\ud800\"\\",`,
      '  "t": "]},"',
      "}",
    ]);
  });

  test.each(['"text"', "-1.50", "true", "null", "[]", "{ }"])("shows %s alone on one line", (text) => {
    expect(opensAll(text)).toEqual([text]);
  });

  test("folds what is not open, and says how much is in it", () => {
    expect(shape('{"a":[1,[2,3],4]}', new Map())).toEqual(["{…1}"]);
    expect(shape('{"a":[1,[2,3],4]}', new Map([[0, STEP]]))).toEqual(["{", '  "a": […3]', "}"]);
  });

  test("shows the first values of many, and how many are left", () => {
    const text = JSON.stringify(Array.from({ length: 250 }, (_, index) => index));
    const rows = shape(text, new Map([[0, STEP]]));
    expect(rows.length).toBe(STEP + 3);
    expect(rows.slice(-3)).toEqual(["  99,", "  +150", "]"]);
    expect(shape(text, new Map([[0, 300]])).slice(-2)).toEqual(["  249", "]"]);
  });

  test("gives each row another id", () => {
    const text = `[[[]],{"a":[{}]},[${"1,".repeat(STEP)}1]]`;
    const rows = rowsOf(text, readNode(text), new Map([...text.matchAll(/[[{]/g)].map(({ index }) => [index, STEP])));
    expect(new Set(rows.map(({ id }) => id)).size).toBe(rows.length);
    expect(rows.some(({ kind }) => kind === "more")).toBe(true);
  });

  test("opens no more than a screen by itself", () => {
    const wide = JSON.stringify(Array.from({ length: 50 }, () => [1, 2, 3]));
    expect(opensAll(wide)).toHaveLength(52);
    const narrow = JSON.stringify({ a: Array.from({ length: 5000 }, () => 1), b: [1] });
    expect(opensAll(narrow)).toEqual(["{", '  "a": […5000],', '  "b": [', "    1", "  ]", "}"]);
  });

  test("is not overthrown by depth, even when all of it is open", () => {
    const depth = 100_000;
    const text = "[".repeat(depth) + "]".repeat(depth);
    expect(opensAll(text)).toHaveLength(9);
    const nested = "[".repeat(1000) + "]".repeat(1000);
    const opened = new Map(Array.from({ length: 1000 }, (_, start) => [start, STEP]));
    expect(shape(nested, opened)).toHaveLength(1999);
  });

  test("ends for texts that are cut off", () => {
    for (const text of ["", "[", '{"a', '{"a":', "[1,", '["\\', "}", "[}"]) expect(() => opensAll(text)).not.toThrow();
  });

  test("counts what JSON.parse counts", () => {
    for (const value of [[], {}, [[]], { a: {} }, [1, [2, 3]], { "a,b": "c,d", e: [",", "]"] }]) {
      for (const text of [JSON.stringify(value), JSON.stringify(value, null, 2)]) {
        const node = readNode(text);
        expect(node.count).toBe(Object.keys(value).length);
        expect(membersOf(text, node)).toHaveLength(node.count);
        expect(node.end).toBe(text.length);
      }
    }
  });
});

describe("the pieces of a text", () => {
  test("are its keys, values and marks, and nothing is lost", () => {
    const text = String.raw`{"a\"" : [-1.5e+3,true,"x:"]}`;
    const tokens = tokensOf(text, 1000);
    expect(tokens.map((token) => token.text).join("")).toBe(text);
    expect(tokens.filter(({ kind }) => kind !== "mark").map(({ kind, text }) => [kind, text])).toEqual([
      ["key", String.raw`"a\""`],
      ["number", "-1.5e+3"],
      ["literal", "true"],
      ["string", '"x:"'],
    ]);
  });

  test("end with a sign of what was left out, within a string and within an escape too", () => {
    expect(tokensOf('["abcdef"]', 5)).toEqual([
      { at: 0, kind: "mark", text: "[" },
      { at: 1, kind: "string", text: '"abc' },
      { at: 5, kind: "mark", text: "…" },
    ]);
    expect(tokensOf('["\\n"]', 3).map(({ text }) => text)).toEqual(["[", '"\\', "…"]);
    expect(tokensOf('"😀"', 2).map(({ text }) => text)).toEqual(['"', "…"]);
  });
});
