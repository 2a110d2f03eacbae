import { describe, expect, test } from "vitest";
import { randomFrom } from "../../test/client-suite/context.ts";
import { FakeClock } from "../../test/support/fake-clock.ts";
import { SEED } from "../../test/support/seed.ts";
import { RateLimit } from "./rate-limit.ts";

function limitOf(perMin: number, burst: number) {
  const clock = new FakeClock();
  return { clock, limit: new RateLimit(perMin, burst, clock) };
}

describe("the rate limit", () => {
  test("lets a burst pass, then says how long to wait", () => {
    const { clock, limit } = limitOf(1, 3);
    expect([1, 2, 3].map(() => limit.take("a", "request"))).toEqual([0, 0, 0]);
    expect(limit.take("a", "request")).toBe(60_000);
    expect(limit.refusedCount).toBe(1);
    clock.advance(59_000);
    expect(limit.take("a", "request")).toBe(1000);
    clock.advance(1000);
    expect(limit.take("a", "request")).toBe(0);
  });

  test("holds no more than a burst, however long nobody comes", () => {
    const { clock, limit } = limitOf(60, 2);
    clock.advance(3_600_000);
    expect([1, 2, 3].map(() => limit.take("a", "request"))).toEqual([0, 0, 1000]);
  });

  test("counts each address by itself", () => {
    const { limit } = limitOf(1, 1);
    expect(limit.take("192.0.2.1", "request")).toBe(0);
    expect(limit.take("192.0.2.1", "request")).toBeGreaterThan(0);
    expect(limit.take("192.0.2.2", "request")).toBe(0);
  });

  test("counts IPv6 addresses by /64", () => {
    const { limit } = limitOf(1, 1);
    expect(limit.take("2001:db8:1:2::1", "request")).toBe(0);
    expect(limit.take("2001:db8:1:2:ffff::2", "request")).toBeGreaterThan(0);
    expect(limit.take("2001:db8:1:3::1", "request")).toBe(0);
  });

  test("counts connections apart from requests: 500 at once, 200 more a second", () => {
    const { clock, limit } = limitOf(1, 1);
    const taken = Array.from({ length: 500 }, () => limit.take("a", "connection"));
    expect(new Set(taken)).toEqual(new Set([0]));
    expect(limit.take("a", "connection")).toBe(5);
    expect(limit.take("a", "request")).toBe(0);
    expect(limit.take("a", "request")).toBeGreaterThan(0);
    clock.advance(1000);
    const further = Array.from({ length: 300 }, () => limit.take("a", "connection"));
    expect(further.filter((ms) => ms === 0).length).toBe(200);
  });

  test("of 0 a minute is none, for either kind", () => {
    const { limit } = limitOf(0, 1);
    for (const kind of ["request", "connection"] as const) {
      expect(Array.from({ length: 1000 }, () => limit.take("a", kind)).every((ms) => ms === 0)).toBe(true);
    }
  });
});

/** Clients that come at their times, and come back when they are told, up to a tenth later. */
function simulate(startsMs: readonly number[], random: () => number) {
  const { clock, limit } = limitOf(1000, 100);
  const waiting = startsMs.map((atMs) => ({ atMs, refusals: 0 }));
  const admitted: { readonly atMs: number; readonly refusals: number }[] = [];
  while (waiting.length > 0) {
    waiting.sort((a, b) => b.atMs - a.atMs);
    const next = waiting.pop();
    if (next === undefined) break;
    clock.advance(next.atMs - clock.monotonicMs());
    const waitMs = limit.take("a", "connection");
    if (waitMs === 0) admitted.push(next);
    else waiting.push({ atMs: next.atMs + waitMs * (1 + random() * 0.1), refusals: next.refusals + 1 });
  }
  return { refusals: admitted.map(({ refusals }) => refusals), lastMs: Math.max(...admitted.map(({ atMs }) => atMs)) };
}

describe("clients behind one address that all connect at once", () => {
  test(`are refused once at most, and all are in within 25 s where they are 5,000 (seed ${SEED})`, () => {
    const { lastMs, refusals } = simulate(Array<number>(5000).fill(0), randomFrom(SEED));
    expect([Math.max(...refusals), refusals.filter((count) => count === 0).length]).toEqual([1, 500]);
    expect(lastMs).toBeLessThan(25_000);
  });

  test(`are all in within 30 s also where others come in between (seed ${SEED})`, () => {
    const random = randomFrom(SEED);
    const others = Array.from({ length: 200 }, () => random() * 20_000);
    const { lastMs } = simulate([...Array<number>(5000).fill(0), ...others], random);
    expect(lastMs).toBeLessThan(30_000);
  });

  test("keep nobody out who comes later, if they do not come back", () => {
    const { clock, limit } = limitOf(1000, 100);
    for (let i = 0; i < 5000; i++) limit.take("a", "connection");
    clock.advance(1000);
    expect(limit.take("a", "connection")).toBe(0);
  });

  test("are asked to wait a minute at most, however many they are", () => {
    const { limit } = limitOf(1000, 100);
    const waits = Array.from({ length: 20_000 }, () => limit.take("a", "connection"));
    expect(Math.max(...waits)).toBe(60_000);
  });
});
