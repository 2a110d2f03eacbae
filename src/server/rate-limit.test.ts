import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { RateLimit } from "./rate-limit.ts";

describe("the rate limit", () => {
  test("lets a burst pass, then tells how long to wait", () => {
    const limit = new RateLimit(1, 3);
    expect([1, 2, 3].map(() => limit.take("a", "request"))).toEqual([0, 0, 0]);
    const seconds = limit.take("a", "request");
    expect(seconds).toBeGreaterThanOrEqual(1);
    expect(seconds).toBeLessThanOrEqual(60);
    expect(Number.isInteger(seconds)).toBe(true);
    expect(limit.refusedCount).toBe(1);
  });

  test("counts each address by itself", () => {
    const limit = new RateLimit(1, 1);
    expect(limit.take("192.0.2.1", "request")).toBe(0);
    expect(limit.take("192.0.2.1", "request")).toBeGreaterThan(0);
    expect(limit.take("192.0.2.2", "request")).toBe(0);
  });

  test("counts IPv6 addresses by /64", () => {
    const limit = new RateLimit(1, 1);
    expect(limit.take("2001:db8:1:2::1", "request")).toBe(0);
    expect(limit.take("2001:db8:1:2:ffff::2", "request")).toBeGreaterThan(0);
    expect(limit.take("2001:db8:1:3::1", "request")).toBe(0);
  });

  test("counts connections apart from requests: 500 at once, 200 more a second", () => {
    const limit = new RateLimit(1, 1);
    const taken = Array.from({ length: 500 }, () => limit.take("a", "connection"));
    expect(new Set(taken)).toEqual(new Set([0]));
    // The clock runs on meanwhile: a few may have come back.
    const further = Array.from({ length: 300 }, () => limit.take("a", "connection"));
    expect(further.at(-1)).toBe(1);
    expect(limit.take("a", "request")).toBe(0);
    expect(limit.take("a", "request")).toBeGreaterThan(0);
  });

  test("gives tokens back in time", async () => {
    // A thousand a second, one at a time.
    const limit = new RateLimit(60_000, 1);
    expect(limit.take("a", "request")).toBe(0);
    await sleep(50);
    expect(limit.take("a", "request")).toBe(0);
  });

  test("of 0 a minute is none, for either kind", () => {
    const limit = new RateLimit(0, 1);
    for (const kind of ["request", "connection"] as const) {
      expect(Array.from({ length: 1000 }, () => limit.take("a", kind)).every((seconds) => seconds === 0)).toBe(true);
    }
  });
});
