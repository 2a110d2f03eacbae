import type { Settings } from "./options.ts";

/** Close codes of a server that needs a longer pause, and how many doublings the back-off starts with after them. */
const HEAD_START: Readonly<Record<number, number>> = { 1008: 3, 1013: 6 };
/** A link that has lasted for so long resets the back-off. */
const PROVEN_MS = 5000;
/** A link that has lasted for so long may be followed by an immediate retry. */
const LASTED_MS = 500;
/** The most immediate retries until a link has lasted for `PROVEN_MS`. */
const MAX_AT_ONCE = 3;
/** The end of a close reason that says when to come back. */
const HINT = /retry after (\d{1,9}) ms$/;
/** The longest hint that is followed. */
const MAX_HINT_MS = 300_000;
/** Up to which share of a hint clients come later, so that those with the same hint do not all come at once. */
const HINT_JITTER = 0.1;

/** How long to wait before the next try: exponential back-off with full jitter, or what the server asks for. */
export class BackOff {
  readonly #settings: Settings;
  /** Tries since the back-off was reset. */
  #tries = 0;
  /** Those of them that a hint followed. */
  #hints = 0;
  /** Immediate retries since the back-off was reset. */
  #atOnce = 0;
  /** Whether the present link has lasted for `LASTED_MS`, or there was none so far. */
  #hasLasted = true;
  #cancelTimer = () => {};

  constructor(settings: Settings) {
    this.#settings = settings;
  }

  /** The link is open; it resets the back-off when it has lasted. */
  opened(): void {
    const { platform } = this.#settings;
    this.#hasLasted = false;
    this.#cancelTimer = platform.after(LASTED_MS, () => {
      this.#hasLasted = true;
      this.#cancelTimer = platform.after(PROVEN_MS - LASTED_MS, () => {
        this.#tries = 0;
        this.#hints = 0;
        this.#atOnce = 0;
      });
    });
  }

  /** The link is gone, or the client is closed. */
  stop(): void {
    this.#cancelTimer();
  }

  /**
   * The pause after a link was lost or could not be made, in ms.
   * @param isUrgent whether a retry is due at once, if the link has lasted and there were few such retries
   */
  next(code: number, reason: string, isUrgent: boolean): number {
    const { maxBackoffMs, minBackoffMs, platform } = this.#settings;
    const isAtOnce = isUrgent && this.#hasLasted && this.#atOnce++ < MAX_AT_ONCE;
    this.#hasLasted = false;
    const doublings = Math.max(this.#tries++, HEAD_START[code] ?? 0);
    if (isAtOnce) return 0;
    const hint = HINT.exec(reason)?.[1];
    if (hint !== undefined) {
      // A server whose hints are always short must not be called in a busy loop.
      const leastMs = Math.min(maxBackoffMs, minBackoffMs * 2 ** this.#hints++);
      return Math.min(MAX_HINT_MS, Math.max(leastMs, Number(hint))) * (1 + platform.random() * HINT_JITTER);
    }
    // Full jitter: clients that were disconnected together do not come back together.
    return platform.random() * Math.min(maxBackoffMs, minBackoffMs * 2 ** doublings);
  }
}
