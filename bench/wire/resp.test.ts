import { expect, test } from "vitest";
import { resp } from "./resp.ts";

test("a command is an array of strings with their lengths in bytes", () => {
  expect(Buffer.from(resp.publish("t", "", "é")).toString()).toBe("*3\r\n$7\r\nPUBLISH\r\n$1\r\nt\r\n$2\r\né\r\n");
});
