import { describe, expect, test } from "bun:test";
import { RateLimit } from "./rate-limit.ts";

describe("the rate limit", () => {
  test("lets a burst pass, then tells how long to wait", () => {
    const limit = new RateLimit(1, 3);
    expect([1, 2, 3].map(() => limit.take("a"))).toEqual([0, 0, 0]);
    const seconds = limit.take("a");
    expect(seconds).toBeGreaterThanOrEqual(1);
    expect(seconds).toBeLessThanOrEqual(60);
    expect(Number.isInteger(seconds)).toBe(true);
  });

  test("counts each address by itself", () => {
    const limit = new RateLimit(1, 1);
    expect(limit.take("a")).toBe(0);
    expect(limit.take("a")).toBeGreaterThan(0);
    expect(limit.take("b")).toBe(0);
  });

  test("gives tokens back in time", async () => {
    // A thousand a second, one at a time.
    const limit = new RateLimit(60_000, 1);
    expect(limit.take("a")).toBe(0);
    await Bun.sleep(50);
    expect(limit.take("a")).toBe(0);
  });

  test("of 0 a minute is none", () => {
    const limit = new RateLimit(0, 1);
    expect(Array.from({ length: 1000 }, () => limit.take("a")).every((seconds) => seconds === 0)).toBe(true);
  });
});
