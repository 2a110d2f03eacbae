import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { SEED } from "../../test/support/seed.ts";
import { byteLength, isName, isRequestId } from "./limits.ts";

describe("isName", () => {
  test.each([
    ["one letter", "a"],
    ["255 bytes of ASCII", "a".repeat(255)],
    ["85 characters of three bytes", "€".repeat(85)],
    ["63 characters of four bytes", "😀".repeat(63)],
    ["two bytes that make exactly 255", `${"é".repeat(127)}a`],
    ["a path", "a/b/../c"],
    ["a space", " "],
    ["a name that objects have", "__proto__"],
    ["a control character beyond ASCII", "\u0085"],
    ["a quote and a backslash", '"\\'],
  ])("accepts %s", (_what, text) => {
    expect(isName(text)).toBe(true);
  });

  test.each([
    ["nothing", ""],
    ["256 bytes of ASCII", "a".repeat(256)],
    ["86 characters of three bytes", "€".repeat(86)],
    ["64 characters of four bytes", "😀".repeat(64)],
    ["two bytes that make 256", "é".repeat(128)],
    ["a zero character", "a\u0000"],
    ["a new line", "a\nb"],
    ["the last control character of ASCII", "\u001f"],
    ["the delete character", "\u007f"],
    ["a high surrogate alone", "a\ud83d"],
    ["a low surrogate alone", "\ude00a"],
    ["surrogates in the wrong order", "\ude00\ud83d"],
  ])("refuses %s", (_what, text) => {
    expect(isName(text)).toBe(false);
  });

  test(`measures what the rule says, for any text (seed ${SEED})`, () => {
    const unit = fc.oneof(
      fc.constantFrom("a", "é", "€", "😀"),
      fc.nat({ max: 0xffff }).map((c) => String.fromCharCode(c)),
    );
    fc.assert(
      fc.property(fc.string({ unit, maxLength: 300, size: "max" }), (text) => {
        const bytes = Buffer.byteLength(text);
        const hasControl = [...text].some((c) => c < " " || c === "\u007f");
        expect(isName(text)).toBe(bytes >= 1 && bytes <= 255 && !hasControl && text.isWellFormed());
      }),
      { seed: SEED, numRuns: 2000 },
    );
  });
});

describe("isRequestId", () => {
  test("counts characters, not UTF-16 units or bytes", () => {
    expect(isRequestId("")).toBe(true);
    expect(isRequestId("a".repeat(256))).toBe(true);
    expect(isRequestId("a".repeat(257))).toBe(false);
    expect(isRequestId("😀".repeat(256))).toBe(true);
    expect(isRequestId("😀".repeat(257))).toBe(false);
    expect(isRequestId("a".repeat(513))).toBe(false);
  });
});

test("byteLength is the length in UTF-8", () => {
  expect([byteLength(""), byteLength("aé€😀")]).toEqual([0, 10]);
});
