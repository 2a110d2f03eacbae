import { expect, test } from "vitest";
import { FakeClock } from "../../test/support/fake-clock.ts";
import { Timestamps } from "./clock.ts";

test("time stamps are RFC 3339 in UTC, with milliseconds, and follow the clock", () => {
  const clock = new FakeClock();
  const timestamps = new Timestamps(clock);
  expect(timestamps.now()).toBe("2025-01-15T10:00:00.000Z");
  expect(timestamps.now()).toBe("2025-01-15T10:00:00.000Z");
  clock.advance(7);
  expect(timestamps.now()).toBe("2025-01-15T10:00:00.007Z");
  clock.advance(-7);
  expect(timestamps.now()).toBe("2025-01-15T10:00:00.000Z");
});
