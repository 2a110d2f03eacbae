import type { Clock } from "../core/clock.ts";

/**
 * A clock for deadlines: it counts only time in which the process ran. While the process is stopped (SIGSTOP, a frozen
 * container, a laptop that sleeps) no client can be heard, so the deadlines of all move by as long as that took.
 */
export class DeadlineClock implements Clock {
  readonly #clock: Clock;
  readonly #maxStepMs: number;
  /** Time in which the process did not run. */
  #stoppedMs = 0;
  /** The clock stands still here until the next tick, which tells whether the process ran. */
  #ceilingMs: number;

  /** @param maxStepMs the longest time that may pass between two ticks: what is beyond it does not count */
  constructor(clock: Clock, maxStepMs: number) {
    this.#clock = clock;
    this.#maxStepMs = maxStepMs;
    this.#ceilingMs = clock.monotonicMs() + maxStepMs;
  }

  wallMs(): number {
    return this.#clock.wallMs();
  }

  monotonicMs(): number {
    return Math.min(this.#clock.monotonicMs() - this.#stoppedMs, this.#ceilingMs);
  }

  /** Lets the clock go on. To be called before each sweep of deadlines, by a timer. */
  tick(): void {
    const lateMs = this.#clock.monotonicMs() - this.#stoppedMs - this.#ceilingMs;
    if (lateMs > 0) this.#stoppedMs += lateMs;
    this.#ceilingMs = this.monotonicMs() + this.#maxStepMs;
  }
}
