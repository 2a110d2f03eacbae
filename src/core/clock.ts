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
  /** The same as bytes. */
  readonly #lastBytes = Buffer.alloc("2025-01-15T10:00:00.123Z".length);

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** The time now, such as `2025-01-15T10:00:00.123Z`. */
  now(): string {
    this.#read();
    return this.#lastText;
  }

  /** The same as bytes, which the next call overwrites. */
  nowBytes(): Buffer {
    this.#read();
    return this.#lastBytes;
  }

  /** What `nowBytes` returned last, without a look at the clock, which costs 40 ns. */
  lastBytes(): Buffer {
    return this.#lastBytes;
  }

  #read(): void {
    const ms = this.#clock.wallMs();
    // Many messages share a millisecond, and formatting one costs about as much as encoding an ack.
    if (ms === this.#lastMs) return;
    this.#lastMs = ms;
    this.#lastText = new Date(ms).toISOString();
    this.#lastBytes.write(this.#lastText, 0, "latin1");
  }
}
