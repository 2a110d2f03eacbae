import { describe, expect, test } from "vitest";
import { MemoryPressure } from "./memory-pressure.ts";

const MEBIBYTE = 1024 * 1024;

/** A process with so much memory, and what it has received and holds. */
function setUp(memoryBytes: number) {
  const state = { received: 0, history: 0, collected: 0 };
  const sources = { receivedBytes: () => state.received, historyBytes: () => state.history };
  const pressure = new MemoryPressure(memoryBytes, sources, () => state.collected++);
  return { pressure, state };
}

describe("memory pressure", () => {
  /** Memory outside of the heap that cannot be collected. */
  const external = Buffer.alloc(32 * MEBIBYTE);

  test("collects once there is much that is no history, and some input has come", () => {
    const { pressure, state } = setUp(192 * MEBIBYTE);
    pressure.relieve();
    expect(state.collected).toBe(0);
    state.received = external.length;
    pressure.relieve();
    expect(state.collected).toBe(1);
    state.received += MEBIBYTE;
    pressure.relieve();
    expect(state.collected).toBe(1);
    state.received += 8 * MEBIBYTE;
    pressure.relieve();
    expect(state.collected).toBe(2);
  });

  test("does not collect what histories hold", () => {
    const { pressure, state } = setUp(192 * MEBIBYTE);
    state.received = external.length;
    state.history = 1024 * MEBIBYTE;
    pressure.relieve();
    expect(state.collected).toBe(0);
  });

  test("leaves a process with room to the runtime", () => {
    const sources = { receivedBytes: () => 1e12, historyBytes: () => 0 };
    expect(() => new MemoryPressure(16_384 * MEBIBYTE, sources).relieve()).not.toThrow();
    const { pressure, state } = setUp(65_536 * MEBIBYTE);
    state.received = 1e12;
    pressure.relieve();
    expect(state.collected).toBe(0);
  });
});
