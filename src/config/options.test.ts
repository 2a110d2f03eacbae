import { expect, test } from "bun:test";
import { resolve } from "node:path";
import { InvalidValue } from "./invalid-value.ts";
import { file } from "./options.ts";

const { parse } = file({ flag: "a-file", group: "Some", help: "A file" });

test("a file's path counts from the caller's folder, and from the process's own where none is told", () => {
  expect(parse("keys/a.json", "/home/caller")).toBe("/home/caller/keys/a.json");
  expect(parse("../a.json", "/home/caller")).toBe("/home/a.json");
  expect(parse("/etc/a.json", "/home/caller")).toBe("/etc/a.json");
  expect(parse("a.json", "")).toBe(resolve("a.json"));
});

test("no file is named by an empty text, and none can be by what holds a zero byte", () => {
  expect(parse("", "/home/caller")).toBe("");
  expect(parse("a\0b", "/home/caller")).toBeInstanceOf(InvalidValue);
});
