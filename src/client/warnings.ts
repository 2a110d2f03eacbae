import type { RingcastError } from "./errors.ts";

/** How many different warnings a client reports: topics may come from outside. */
const MAX_WARNINGS = 100;

/** Reports each problem of a client once, to the application or else to the console. */
export class Warnings {
  readonly #emit: (warning: RingcastError) => boolean;
  readonly #print: (text: string) => void;
  readonly #reported = new Set<string>();

  /**
   * @param emit calls the application's listeners, and returns whether there are any
   * @param print shows a text to the developer
   */
  constructor(emit: (warning: RingcastError) => boolean, print: (text: string) => void) {
    this.#emit = emit;
    this.#print = print;
  }

  report(warning: RingcastError): void {
    const key = `${warning.code} ${warning.topic}`;
    if (this.#reported.has(key) || this.#reported.size >= MAX_WARNINGS) return;
    this.#reported.add(key);
    // Not at once: a listener may do anything to the client.
    queueMicrotask(() => {
      if (!this.#emit(warning)) this.#print(`ringcast: ${warning.code}: ${warning.message}`);
    });
  }
}
