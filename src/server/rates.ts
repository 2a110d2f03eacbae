import type { Clock } from "../core/clock.ts";
import type { Counters } from "../core/counters.ts";
import { RingBuffer } from "../core/ring-buffer.ts";

interface Sample {
  readonly atMs: number;
  readonly published: number;
  readonly delivered: number;
}

/** How many samples are kept: the rates are over the time that they span. */
const WINDOW_SAMPLES = 11;

/** Messages per second, over the last samples. */
export class Rates {
  readonly #counters: Counters;
  readonly #clock: Clock;
  readonly #samples = new RingBuffer<Sample>(WINDOW_SAMPLES);

  constructor(counters: Counters, clock: Clock) {
    this.#counters = counters;
    this.#clock = clock;
    this.sample();
  }

  /** Notes where the counters stand. To be called once a second. */
  sample(): void {
    const { delivered, published } = this.#counters;
    this.#samples.push({ atMs: this.#clock.monotonicMs(), published, delivered });
  }

  /** Events published and delivered per second. */
  perSecond(): { published: number; delivered: number } {
    const oldest = this.#samples.newest(WINDOW_SAMPLES)[0];
    const seconds = oldest === undefined ? 0 : (this.#clock.monotonicMs() - oldest.atMs) / 1000;
    if (oldest === undefined || seconds <= 0) return { published: 0, delivered: 0 };
    const rate = (now: number, then: number) => Math.round(((now - then) / seconds) * 10) / 10;
    return {
      published: rate(this.#counters.published, oldest.published),
      delivered: rate(this.#counters.delivered, oldest.delivered),
    };
  }
}
