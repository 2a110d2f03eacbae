import type { Clock } from "../../src/core/clock.ts";

/** A clock that stands still until a test turns it. */
export class FakeClock implements Clock {
  #ms = 0;

  /** Begins at 2025-01-15T10:00:00.000Z. */
  wallMs(): number {
    return Date.UTC(2025, 0, 15, 10) + this.#ms;
  }

  monotonicMs(): number {
    return this.#ms;
  }

  advance(ms: number): void {
    this.#ms += ms;
  }
}
