import { deferred } from "../../src/client/deferred.ts";
/** How long a test waits for what must come, unless it says otherwise. */
export const DEFAULT_DEADLINE_MS = 5000;

/** Rejects when a promise takes longer than a test may wait. */
export function within<T>(promise: Promise<T>, what: string, deadlineMs = DEFAULT_DEADLINE_MS): Promise<T> {
  const timeout = deferred<never>();
  const timer = setTimeout(() => timeout.reject(new Error(`${what} did not come within ${deadlineMs} ms`)), deadlineMs);
  return Promise.race([promise, timeout.promise]).finally(() => clearTimeout(timer));
}

/** What arrives, in order, for tests that await it instead of sleeping. */
export class Mailbox<T> {
  readonly #items: T[] = [];
  #waiting: { resolve: (item: T) => void; reject: (error: Error) => void } | undefined;
  #failure: Error | undefined;

  /** How many items have arrived that nobody has taken. */
  get size(): number {
    return this.#items.length;
  }

  put(item: T): void {
    const waiting = this.#waiting;
    this.#waiting = undefined;
    if (waiting === undefined) this.#items.push(item);
    else waiting.resolve(item);
  }

  /** Nothing more will come: whoever waits, or asks once all is taken, gets the error. */
  fail(error: Error): void {
    this.#failure = error;
    this.#waiting?.reject(error);
    this.#waiting = undefined;
  }

  /** The next item, now or when it comes. One caller at a time. */
  next(deadlineMs = DEFAULT_DEADLINE_MS): Promise<T> {
    if (this.#waiting !== undefined) throw new Error("somebody waits already");
    const item = this.#items.shift();
    if (item !== undefined) return Promise.resolve(item);
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    const { promise, resolve, reject } = deferred<T>();
    this.#waiting = { resolve, reject };
    return within(promise, "the next item", deadlineMs).finally(() => {
      this.#waiting = undefined;
    });
  }

  /** Takes all that has arrived. */
  takeAll(): T[] {
    return this.#items.splice(0);
  }
}
