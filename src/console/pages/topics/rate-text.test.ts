import { expect, test } from "vitest";
import { rateText } from "./rate-text.ts";

test("small rates have one decimal, others none", () => {
  expect([undefined, 0, 0.04, 0.98, 9.96, 12.4, 1234, 12_345].map(rateText)).toEqual([
    "–",
    "0",
    "0.0",
    "1.0",
    "10.0",
    "12",
    "1,234",
    "12.3K",
  ]);
});
