import { describe, expect, test } from "vitest";
import { FakeClock } from "../../test/support/fake-clock.ts";
import { newCounters } from "../core/counters.ts";
import { Rates } from "./rates.ts";

function setUp() {
  const clock = new FakeClock();
  const counters = newCounters();
  return { clock, counters, rates: new Rates(counters, clock) };
}

describe("the rates", () => {
  test("are zero at first", () => {
    expect(setUp().rates.perSecond()).toEqual({ published: 0, delivered: 0 });
  });

  test("are what has been counted, over the time since", () => {
    const { clock, counters, rates } = setUp();
    counters.published = 5;
    counters.delivered = 50;
    clock.advance(2000);
    expect(rates.perSecond()).toEqual({ published: 2.5, delivered: 25 });
  });

  test("forget what is longer ago than the last samples", () => {
    const { clock, counters, rates } = setUp();
    counters.published = 1000;
    for (let second = 0; second < 11; second++) {
      clock.advance(1000);
      rates.sample();
    }
    expect(rates.perSecond().published).toBe(0);
    counters.published += 30;
    expect(rates.perSecond().published).toBe(3);
  });
});
