import { effect } from "@preact/signals";
import { useEffect, useRef, useState } from "preact/hooks";
import { ApiError } from "../api.ts";
import { link } from "../feed.ts";

/** The wait is so many times longer after the server was asked too often, or for what is not there. */
const REFUSED_FACTOR = 5;

/** What came of asking again and again. */
export interface Poll<T> {
  /** The last answer; undefined before the first. */
  readonly value: T | undefined;
  /** Why the last try brought none. */
  readonly problem: ApiError | undefined;
  /** Asks now. */
  readonly again: () => void;
}

interface Told<T> {
  readonly answered: (value: T) => void;
  readonly failed: (problem: ApiError) => void;
}

function asApiError(error: unknown): ApiError {
  return error instanceof ApiError ? error : new ApiError("UNEXPECTED", String(error), 0);
}

/** Asks one at a time, while the page shows and the link is up. */
class Poller<T> {
  readonly #ask: () => Promise<T>;
  readonly #intervalMs: number;
  readonly #told: Told<T>;
  readonly #forgetLink: () => void;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #isAsking = false;
  #isWantedAgain = false;
  #isOver = false;

  constructor(ask: () => Promise<T>, intervalMs: number, told: Told<T>) {
    this.#ask = ask;
    this.#intervalMs = intervalMs;
    this.#told = told;
    document.addEventListener("visibilitychange", this.now);
    this.#forgetLink = effect(() => {
      if (link.value.state === "open") queueMicrotask(this.now);
    });
  }

  readonly now = (): void => {
    // What is under way may have been answered before what the caller has just done.
    if (this.#isAsking) this.#isWantedAgain = true;
    else void this.#turn();
  };

  end(): void {
    this.#isOver = true;
    clearTimeout(this.#timer);
    document.removeEventListener("visibilitychange", this.now);
    this.#forgetLink();
  }

  async #turn(): Promise<void> {
    clearTimeout(this.#timer);
    if (this.#isOver || document.hidden || link.value.state !== "open") return;
    this.#isAsking = true;
    const waitMs = await this.#askOnce();
    this.#isAsking = false;
    if (this.#isOver) return;
    this.#timer = setTimeout(this.now, this.#isWantedAgain ? 0 : waitMs);
    this.#isWantedAgain = false;
  }

  /** Returns how long to wait. */
  async #askOnce(): Promise<number> {
    try {
      const value = await this.#ask();
      if (!this.#isOver) this.#told.answered(value);
      return this.#intervalMs;
    } catch (error) {
      const problem = asApiError(error);
      if (!this.#isOver) this.#told.failed(problem);
      return problem.status === 429 || problem.status === 404 ? REFUSED_FACTOR * this.#intervalMs : this.#intervalMs;
    }
  }
}

/**
 * Asks again and again for as long as the component is there, but not while the page is hidden or the link is down.
 * @param ask the first one that is given is used; what it asks for must not change
 */
export function usePoll<T>(ask: () => Promise<T>, intervalMs: number): Poll<T> {
  const [state, setState] = useState<Omit<Poll<T>, "again">>({ value: undefined, problem: undefined });
  const poller = useRef<Poller<T> | undefined>(undefined);
  const firstAsk = useRef(ask);
  useEffect(() => {
    const own = new Poller(firstAsk.current, intervalMs, {
      answered: (value) => setState({ value, problem: undefined }),
      failed: (problem) => setState(({ value }) => ({ value, problem })),
    });
    poller.current = own;
    return () => own.end();
  }, [intervalMs]);
  return { ...state, again: () => poller.current?.now() };
}
