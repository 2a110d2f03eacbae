/** The time, as a port: tests turn it by hand. */
export interface Clock {
  /** Wall-clock time in milliseconds since 1970, for time stamps. It may jump. */
  wallMs(): number;
  /** Milliseconds from an arbitrary start, for measuring. It never goes back. */
  monotonicMs(): number;
}

/** Formats the wall-clock time as RFC 3339 in UTC with milliseconds. */
export class Timestamps {
  readonly #clock: Clock;
  #lastMs = Number.NaN;
  #lastText = "";

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** The time now, such as `2025-01-15T10:00:00.123Z`. */
  now(): string {
    const ms = this.#clock.wallMs();
    // Many messages share a millisecond, and formatting one costs about as much as encoding an ack.
    if (ms !== this.#lastMs) {
      this.#lastMs = ms;
      this.#lastText = new Date(ms).toISOString();
    }
    return this.#lastText;
  }
}
