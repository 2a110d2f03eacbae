import { describe, expect, test } from "vitest";
import { formatTopicTtl, parseTopicTtl } from "./topic-ttl.ts";

describe("a topic's time to live", () => {
  test("is never, or a duration of at most 24 hours", () => {
    const read = ["never", "0", "0s", "300ms", "1m30s", "24h"].map(parseTopicTtl);
    expect(read).toEqual(["never", 0, 0, 300, 90_000, 86_400_000]);
  });

  test("is nothing else", () => {
    const wrong = ["", "Never", "never ", "forever", "60", "-1s", "1d", "24h1ms", `${"0".repeat(64)}s`];
    expect(wrong.map(parseTopicTtl)).toEqual(wrong.map(() => undefined));
  });

  test("is written as it is read", () => {
    for (const ttl of ["never", 0, 300, 90_000, 86_400_000] as const)
      expect(parseTopicTtl(formatTopicTtl(ttl))).toBe(ttl);
  });
});
