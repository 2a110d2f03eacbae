import { expect, test } from "vitest";
import { isAddressable, nameProblem } from "./topic-name.ts";

test.each([
  "orders",
  "a b/c",
  "../..",
  "__proto__",
  "<img src=x onerror=alert(1)>",
  "é".repeat(127),
  "\u202eabc",
  "$sys",
])("%p may name a topic", (name) => {
  expect(nameProblem(name)).toBe(undefined);
});

test.each([
  ["", /needs a name/],
  ["é".repeat(128), /256 bytes/],
  ["a\tb", /control characters/],
  ["$sys/mine", /server's own/],
  ["..", /URL/],
])("%p may not, and it says why", (name, why) => {
  expect(nameProblem(name)).toMatch(why);
});

test("only the two names that URLs resolve are out of reach", () => {
  expect([".", "..", "...", "../..", ""].map(isAddressable)).toEqual([false, false, true, true, true]);
});
