import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { SEED } from "../../test/support/seed.ts";
import { deepestNesting, skipObject, skipSpace, skipString, skipValue } from "./json-scanner.ts";

function parses(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/** Bytes with a text among them, and other JSON in front of it and behind it, as in a socket's buffer. */
function surrounded(text: string) {
  const before = '{"a":[1,"';
  const bytes = Buffer.from(`${before}${text}"}]}0e1truenull\\"`);
  return { bytes, start: before.length, end: before.length + Buffer.byteLength(text) };
}

/** Skips the value that a text starts with; returns the index just past it in the text, in bytes, or -1. */
function valueEnd(text: string, at = 0): number {
  const { bytes, end, start } = surrounded(text);
  const found = skipValue(bytes, start + at, end);
  return found < 0 || found > end ? -1 : found - start;
}

function scans(text: string): boolean {
  const { bytes, end, start } = surrounded(text);
  const found = skipValue(bytes, skipSpace(bytes, start, end), end);
  return found >= 0 && skipSpace(bytes, found, end) === end;
}

const space = fc.constantFrom("", "", " ", "\n", "\t\r\n ");
/** What a text can be changed by; much of it means something in JSON, or looks as if it did. */
const fragment = fc.constantFrom(
  ...['"', "\\", "{", "}", "[", "]", ",", ":", "0", "-", "+", ".", "e", "E", "1e400", "\\u12", "\\ud800", "\\x", "/"],
  ...[
    "true",
    "nul",
    "NaN",
    "\u0000",
    "\u001f",
    "\u007f",
    "\u00a0",
    "\ufeff",
    "\u2028",
    "\v",
    "'",
    "é",
    "😀",
    " ",
    "\n",
  ],
);
const mutation = fc.record({ at: fc.nat(), removed: fc.nat({ max: 3 }), inserted: fc.option(fragment, { nil: "" }) });

describe("skipString", () => {
  test.each(['"', "\\", "\u0000", "\u001f"])(
    "finds the byte %j at any place of a string, wherever it lies",
    (found) => {
      for (let place = 0; place < 12; place++) {
        for (let start = 0; start < 4; start++) {
          const text = `${"_".repeat(start)}"${"é~".repeat(4).slice(0, place)}`;
          const bytes = Buffer.from(`${text}${found}n"`);
          const at = Buffer.byteLength(text);
          const end = found === '"' ? at + 1 : found === "\\" ? at + 3 : -1;
          expect(skipString(bytes, start, bytes.length), `${place} bytes behind ${start}`).toBe(end);
        }
      }
    },
  );

  test("reads no byte of the next message", () => {
    for (let length = 0; length < 12; length++) {
      const bytes = Buffer.from(`"${"a".repeat(length)}""`);
      expect(skipString(bytes, 0, length + 1)).toBe(-1);
    }
  });

  test("scans another memory after the first", () => {
    const long = "x".repeat(40);
    const one = Buffer.from(`"${long}"`);
    const other = Buffer.from(`"${long}${long}"`);
    expect([one, other, one].map((bytes) => skipString(bytes, 0, bytes.length))).toEqual([42, 82, 42]);
  });
});

describe(`skipValue (seed ${SEED})`, () => {
  test("accepts what JSON.parse accepts and refuses what it refuses", () => {
    const json = fc.tuple(space, fc.json({ noUnicodeString: false }), space).map((parts) => parts.join(""));
    const texts = fc.tuple(json, fc.array(mutation, { maxLength: 3 })).map(([text, mutations]) => {
      return mutations.reduce((changed, { at, inserted, removed }) => {
        const start = at % (changed.length + 1);
        return changed.slice(0, start) + inserted + changed.slice(start + removed);
      }, text);
    });
    let accepted = 0;
    let refused = 0;
    fc.assert(
      fc.property(texts, (text) => {
        expect(scans(text)).toBe(parses(text));
        if (scans(text)) accepted++;
        else refused++;
      }),
      { seed: SEED, numRuns: 5000 },
    );
    // Otherwise the property would say little.
    expect(Math.min(accepted, refused)).toBeGreaterThan(500);
  });

  test("ends just past the value, whatever surrounds it", () => {
    const before = fc.constantFrom("", " ", "[", '{"a":', "xx");
    const after = fc.constantFrom("", " ", ",1", "]", "}", "\n:");
    fc.assert(
      fc.property(before, fc.json(), after, (start, json, end) => {
        const bytes = Buffer.byteLength(start + json);
        expect(valueEnd(start + json + end, start.length)).toBe(bytes);
      }),
      { seed: SEED, numRuns: 2000 },
    );
  });

  test.each([
    ["null", 0],
    ["[]", 1],
    ["[{}]", 2],
    ['{"a":[1,[2]],"b":[]}', 3],
    ['"[[[["', 0],
  ])("tells how deep %s is nested", (text, depth) => {
    valueEnd(text);
    expect(deepestNesting).toBe(depth);
  });

  test("goes down any depth, where a recursive parser would run out of stack", () => {
    const depth = 1_000_000;
    const text = "[".repeat(depth) + "]".repeat(depth);
    expect(valueEnd(text)).toBe(text.length);
    expect(deepestNesting).toBe(depth);
    expect(valueEnd("[".repeat(depth))).toBe(-1);
  });

  test("is not led astray by what a malformed text left behind", () => {
    expect(valueEnd("[[[[{")).toBe(-1);
    expect(valueEnd("[1]")).toBe(3);
    expect(valueEnd("1]")).toBe(1);
  });
});

describe("skipString", () => {
  test.each<[string, number]>([
    ['""', 2],
    ['"a\\"b" ', 6],
    ['"\\u00e9"', 8],
    ['"\\u00g9"', -1],
    ['"\\x"', -1],
    ['"a', -1],
    ['"a\\"', -1],
    ['"\n"', -1],
    ["a", -1],
    ["", -1],
  ])("given %j ends at %d", (text, end) => {
    const { bytes, end: textEnd, start } = surrounded(text);
    const found = skipString(bytes, start, textEnd);
    expect(found < 0 ? found : found - start).toBe(end);
  });
});

describe("skipObject", () => {
  function members(text: string): { end: number; seen: [string, string][] } {
    const seen: [string, string][] = [];
    const { bytes, end: textEnd, start } = surrounded(text);
    const end = skipObject(bytes, start, textEnd, (_, keyStart, keyEnd, valueStart, limit) => {
      const found = skipValue(bytes, valueStart, limit);
      seen.push([bytes.toString("utf8", keyStart, keyEnd), bytes.toString("utf8", valueStart, found)]);
      return found;
    });
    return { end: end < 0 || end > textEnd ? -1 : end - start, seen };
  }

  test("shows every member's raw key and where its value begins", () => {
    const text = '{ "a" : 1 ,"\\u0062":[2, {"c":3}],"a":"x"}rest';
    expect(members(text)).toEqual({
      end: text.length - 4,
      seen: [
        ["a", "1"],
        ["\\u0062", '[2, {"c":3}]'],
        ["a", '"x"'],
      ],
    });
  });

  test.each(["", "[]", "{", '{"a"}', '{"a":}', '{"a":1,}', '{,"a":1}', '{"a":1 "b":2}', "{a:1}", '{"a" 1}'])(
    "refuses %j",
    (text) => {
      expect(members(text).end).toBe(-1);
    },
  );

  test("takes an empty object", () => {
    expect(members("{ }")).toEqual({ end: 3, seen: [] });
  });
});
