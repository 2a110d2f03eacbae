import type { Clock } from "../../core/clock.ts";
import { Histogram } from "../../core/histogram.ts";
import type { Hub } from "../../core/hub.ts";

const QUEUE_DEPTH_BOUNDS = [0, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 10_000, 100_000];
const EVENT_LOOP_DELAY_BOUNDS_SEC = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5];

/** What nothing counts because it just is: looked at every so often, into histograms that only grow. */
export class Samples {
  readonly queueDepth = new Histogram(QUEUE_DEPTH_BOUNDS);
  readonly eventLoopDelaySec = new Histogram(EVENT_LOOP_DELAY_BOUNDS_SEC);
  readonly #hub: Pick<Hub, "sessions">;
  readonly #clock: Clock;
  readonly #tickMs: number;
  #lastTickMs: number;
  #worstDelayMs = 0;

  /** @param tickMs the interval of the timer that calls `tick` */
  constructor(hub: Pick<Hub, "sessions">, clock: Clock, tickMs: number) {
    this.#hub = hub;
    this.#clock = clock;
    this.#tickMs = tickMs;
    this.#lastTickMs = clock.monotonicMs();
  }

  /** Notes how late a timer's turn is. To be called by one that ticks all the time. */
  tick(): void {
    const now = this.#clock.monotonicMs();
    const delayMs = Math.max(0, now - this.#lastTickMs - this.#tickMs);
    this.eventLoopDelaySec.observe(delayMs / 1000);
    this.#worstDelayMs = Math.max(this.#worstDelayMs, delayMs);
    this.#lastTickMs = now;
  }

  /** The longest delay of the event loop since the last call, in milliseconds. */
  takeWorstDelayMs(): number {
    const worst = this.#worstDelayMs;
    this.#worstDelayMs = 0;
    return worst;
  }

  /** Notes how long every client's queue is. To be called once a second. */
  sampleQueues(): void {
    for (const session of this.#hub.sessions()) this.queueDepth.observe(session.queueDepth);
  }
}
