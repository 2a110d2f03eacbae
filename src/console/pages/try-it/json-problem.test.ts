import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { jsonProblem } from "./json-problem.ts";

describe("jsonProblem", () => {
  test.each([
    ["", 1, 1, "the end of the text"],
    ['{"a":1,}', 1, 8, "a comma with no key"],
    ["[1,]", 1, 4, "a comma with no value"],
    ["{a:1}", 1, 2, 'not "a"'],
    ["{'a':1}", 1, 2, "double quotes"],
    ["['a']", 1, 2, "double quotes"],
    ['{"a" 1}', 1, 6, '":" was expected'],
    ['{"a":1 "b":2}', 1, 8, '"," or "}" was expected'],
    ["[1 2]", 1, 4, '"," or "]" was expected'],
    ['{\n  "a": tru\n}', 2, 8, '"tru"'],
    ["01", 1, 1, '"01"'],
    ["1.", 1, 1, '"1."'],
    ["NaN", 1, 1, '"NaN"'],
    ['{"a":1}\n\n x', 3, 2, "after the end"],
    ['["abc', 1, 2, "no end"],
    ['["abc\\', 1, 6, "no such escape"],
    ['["a\nb"]', 1, 4, "end of a line"],
    ['["a\tb"]', 1, 4, "control characters"],
    ['"\\x"', 1, 2, "no such escape"],
    ['["é😀" x]', 1, 7, '"x"'],
  ])("says where %j is wrong", (text, line, column, words) => {
    const problem = jsonProblem(text);
    expect(problem?.message).toContain(words);
    expect([problem?.line, problem?.column]).toEqual([line, column]);
  });

  test.each(["0", "-0.5e+3", "null", ' "x" ', "[]", "{}", '{"a":[1,{"b":null}]}', "12345678901234567890", "1e400"])(
    "finds nothing wrong with %s",
    (text) => expect(jsonProblem(text)).toBeUndefined(),
  );

  test("finds a place wherever JSON.parse fails", () => {
    const pieces = fc.constantFrom(..."{}[],:\"\\'01-.e +\n\ttrue", "true", "null", '"a"', '"\\u00e9"', '"a":', "1.5");
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 12 }), (parts) => {
        const text = parts.join("");
        const problem = jsonProblem(text);
        expect(problem?.message).not.toBe("this is nested too deep");
      }),
      { numRuns: 3000 },
    );
  });
});
