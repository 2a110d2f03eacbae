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

test("the time stands still while it is held, and is read when that begins", () => {
  const clock = new FakeClock();
  const timestamps = new Timestamps(clock);
  timestamps.now();
  clock.advance(5);
  timestamps.hold();
  clock.advance(5);
  timestamps.hold();
  expect(timestamps.now()).toBe("2025-01-15T10:00:00.005Z");
  expect(timestamps.end().bytes.toString()).toBe(',"ts":"2025-01-15T10:00:00.005Z"}');
  timestamps.release();
  expect(timestamps.end().bytes.toString()).toBe(',"ts":"2025-01-15T10:00:00.010Z"}');
  expect(timestamps.lastEnd()).toBe(timestamps.end());
});
