import { nowUs } from "./clock.ts";

/** Closer than this to the next moment, the schedule spins instead of sleeping: timers are a millisecond coarse. */
const SPIN_US = 3000;

/**
 * Calls back at a fixed rate, whatever the server does meanwhile. A call that comes late is told the moment at which
 * it was due, so that a server that holds up the load does not hide what that cost (no coordinated omission).
 */
export class Schedule {
  readonly #periodUs: number;
  readonly #due: (dueUs: number, lateUs: number) => void;
  #nextUs = 0;
  #running = false;

  constructor(perSecond: number, due: (dueUs: number, lateUs: number) => void) {
    this.#periodUs = 1e6 / perSecond;
    this.#due = due;
  }

  /** Begins; the first call is due one period from now. */
  start(): void {
    this.#running = true;
    this.#nextUs = nowUs() + this.#periodUs;
    this.#wait();
  }

  /** Calls no more. */
  stop(): void {
    this.#running = false;
  }

  #wait(): void {
    if (!this.#running) return;
    const untilUs = this.#nextUs - nowUs();
    if (untilUs <= 0) this.#fire();
    // setImmediate lets sockets be read between two looks at the clock.
    if (untilUs < SPIN_US) setImmediate(() => this.#wait());
    else setTimeout(() => this.#wait(), Math.floor((untilUs - SPIN_US) / 1000));
  }

  #fire(): void {
    for (let now = nowUs(); this.#running && this.#nextUs <= now; this.#nextUs += this.#periodUs) {
      const dueUs = Math.round(this.#nextUs);
      this.#due(dueUs, now - dueUs);
    }
  }
}
