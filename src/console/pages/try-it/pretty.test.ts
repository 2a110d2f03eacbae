import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { prettyJson } from "./pretty.ts";

describe("JSON made pretty", () => {
  test("keeps digits and escapes, and the order of keys", () => {
    expect(prettyJson('{"b":[1e400,{},[ ],12345678901234567890],"a\\u0041,:":"x\\"{","b":null}')).toBe(
      '{\n  "b": [\n    1e400,\n    {},\n    [],\n    12345678901234567890\n  ],\n  "a\\u0041,:": "x\\"{",\n  "b": null\n}',
    );
    expect(prettyJson(" -1.50 ")).toBe("-1.50");
  });

  test("is what JSON.stringify makes of it, where that loses nothing", () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(prettyJson(JSON.stringify(value))).toBe(JSON.stringify(value, undefined, 2));
      }),
    );
  });
});
