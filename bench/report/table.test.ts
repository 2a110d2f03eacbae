import { expect, test } from "vitest";
import { table } from "./table.ts";

test("the first column is flush left, the others flush right", () => {
  expect(
    table([
      ["", "us"],
      ["redis", "0.39"],
      ["ws", "11.60"],
    ]),
  ).toBe("          us\nredis   0.39\nws     11.60");
});
