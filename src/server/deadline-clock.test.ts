import { describe, expect, test } from "vitest";
import { FakeClock } from "../../test/support/fake-clock.ts";
import { DeadlineClock } from "./deadline-clock.ts";

const MAX_STEP_MS = 150;

function setUp() {
  const system = new FakeClock();
  return { system, clock: new DeadlineClock(system, MAX_STEP_MS) };
}

describe("the clock for deadlines", () => {
  test("goes as the system's does while it ticks in time", () => {
    const { clock, system } = setUp();
    for (let i = 0; i < 10; i++) {
      system.advance(100);
      expect(clock.monotonicMs()).toBe(system.monotonicMs());
      clock.tick();
      expect(clock.monotonicMs()).toBe(system.monotonicMs());
    }
  });

  test("counts no more than a step of the time in which nothing ticked", () => {
    const { clock, system } = setUp();
    clock.tick();
    system.advance(60_000);
    expect(clock.monotonicMs()).toBe(MAX_STEP_MS);
    clock.tick();
    expect(clock.monotonicMs()).toBe(MAX_STEP_MS);
    system.advance(100);
    expect(clock.monotonicMs()).toBe(MAX_STEP_MS + 100);
  });

  test("never goes back, whenever it is read", () => {
    const { clock, system } = setUp();
    let last = clock.monotonicMs();
    for (const ms of [10, 149, 151, 3000, 1, 0, 100_000, 150, 7]) {
      for (const read of [() => system.advance(ms), () => clock.tick()]) {
        read();
        expect(clock.monotonicMs()).toBeGreaterThanOrEqual(last);
        last = clock.monotonicMs();
      }
    }
  });

  test("tells the wall-clock time as it is: what is absolute stays so", () => {
    const { clock, system } = setUp();
    system.advance(60_000);
    clock.tick();
    expect(clock.wallMs()).toBe(system.wallMs());
  });
});
