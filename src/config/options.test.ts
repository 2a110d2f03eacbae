import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import { InvalidValue } from "./invalid-value.ts";
import { file, OPTIONS } from "./options.ts";

const { parse } = file({ flag: "a-file", group: "Some", help: "A file" });

test("a file's path is relative to the working directory", () => {
  expect(parse("keys/a.json")).toBe(join(process.cwd(), "keys", "a.json"));
  expect(parse("../a.json")).toBe(join(dirname(process.cwd()), "a.json"));
  expect(parse("/etc/a.json")).toBe("/etc/a.json");
});

test("no file is named by an empty text, and none can be by what holds a zero byte", () => {
  expect(parse("")).toBe("");
  expect(parse("a\0b")).toBeInstanceOf(InvalidValue);
});

test("the topics with metrics of their own are at most 100, by names that topics may have", () => {
  const topics = (count: number) => Array.from({ length: count }, (_, i) => `t${i}`);
  const read = OPTIONS.metricsTopics.parse;
  expect(read("")).toEqual([]);
  expect(read(topics(100).join())).toEqual(topics(100));
  expect(read(topics(101).join())).toBeInstanceOf(InvalidValue);
  expect(read("é".repeat(127))).toEqual(["é".repeat(127)]);
  expect(read("é".repeat(128))).toBeInstanceOf(InvalidValue);
});
