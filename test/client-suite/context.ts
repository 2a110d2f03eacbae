import { deferred } from "../../src/client/deferred.ts";
import type { Client, ConnectOptions, RingcastError } from "../../src/client/index.ts";
import type { Cut } from "../support/fault-proxy.ts";

// What the scenarios work with. All of it runs in Bun, Node.js and browsers alike.

/** Each has a proxy of its own, so that one can be cut off while the other goes on. */
export type Side = "publisher" | "consumer";

/** What a scenario has the harness do. */
export type Command =
  | { readonly do: "cut"; readonly side: Side; readonly how: Cut }
  | { readonly do: "stall" | "resume"; readonly side: Side }
  /** Starts a server after the present one; on the same port where that is wanted. */
  | { readonly do: "restart"; readonly signal: "SIGTERM" | "SIGKILL"; readonly samePort?: boolean | undefined }
  /** Has the server shut down, which takes a while where clients are slow. */
  | { readonly do: "drain" }
  | { readonly do: "request"; readonly method: string; readonly path: string; readonly body?: unknown };

/** Where a scenario runs, and on what. */
export interface Place {
  readonly runtime: "bun" | "node" | "browser";
  readonly seed: number;
  /** WebSockets of the server: by way of the proxies, and without. */
  readonly urls: Readonly<Record<Side | "direct", string>>;
  readonly controlUrl: string;
  readonly apiKey: string;
}

/** The SDK as the runtime imported it. */
export interface Sdk {
  connect(url: string, options?: ConnectOptions): Client;
  readonly RingcastError: typeof RingcastError;
}

/** One thing that the SDK does, shown against a server of its own. Its promise rejects if it is not so. */
export interface Scenario {
  readonly flags?: readonly string[];
  /** Whether the two proxies refuse WebSockets. */
  readonly blocksWebSockets?: boolean;
  readonly deadlineMs?: number;
  /** Runs it; returns what is worth printing. */
  run(sdk: Sdk, place: Place): Promise<string>;
}

/** Has the harness do something. */
export async function control(place: Place, command: Command): Promise<unknown> {
  const response = await fetch(place.controlUrl, { method: "POST", body: JSON.stringify(command) });
  if (!response.ok) throw new Error(`${JSON.stringify(command)}: ${await response.text()}`);
  return response.json();
}

/** Fails a scenario unless something holds. */
export function expect(holds: boolean, what: string): asserts holds {
  if (!holds) throw new Error(`expected: ${what}`);
}

/** Fails a scenario unless two values are the same as JSON. */
export function expectSame(value: unknown, expected: unknown, what: string): void {
  const [got, wanted] = [JSON.stringify(value), JSON.stringify(expected)];
  expect(got === wanted, `${what} to be ${wanted}, is ${got}`);
}

/** The error that a promise is rejected with; fails where it is resolved. */
export async function rejectionOf(
  promise: Promise<unknown>,
): Promise<{ readonly code: unknown; readonly error: unknown }> {
  try {
    await promise;
  } catch (error) {
    return { code: error instanceof Error && "code" in error ? error.code : undefined, error };
  }
  throw new Error("expected a rejection");
}

export function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** Lets a scenario wait for what it sees happen. */
export class Changes {
  readonly #waiting = new Set<() => void>();

  /** To be called when anything that is waited for may have happened. */
  readonly note = (): void => {
    for (const look of this.#waiting) look();
  };

  /** Resolves once a condition holds. */
  async until(holds: () => boolean, what: string, deadlineMs = 20_000): Promise<void> {
    if (holds()) return;
    const { promise, reject, resolve } = deferred<void>();
    const timer = setTimeout(() => reject(new Error(`waited ${deadlineMs} ms for ${what}`)), deadlineMs);
    const look = () => {
      if (holds()) resolve();
    };
    this.#waiting.add(look);
    await promise.finally(() => {
      clearTimeout(timer);
      this.#waiting.delete(look);
    });
  }
}

/** Numbers from 0 to below 1 that a seed decides (mulberry32). */
export function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}
