import { expect, test } from "vitest";
import { parseOptions } from "./options.ts";

test("without flags, everything runs", () => {
  expect(parseOptions([])).toMatchObject({ quick: false, only: [], peers: [], rounds: undefined });
});

test("lists are separated by commas", () => {
  expect(parseOptions(["--peers=redis,ws", "--only=pairs"])).toMatchObject({ peers: ["redis", "ws"], only: ["pairs"] });
});

test("refuses unknown flags and numbers out of range", () => {
  expect(() => parseOptions(["--quik"])).toThrow("--quik");
  expect(() => parseOptions(["--rounds=0"])).toThrow("--rounds");
  expect(() => parseOptions(["--rounds=two"])).toThrow("--rounds");
});
