import { randomFrom } from "../client-suite/context.ts";

/** Random choices that a seed decides. */
export class Random {
  readonly next: () => number;

  constructor(seed: number) {
    this.next = randomFrom(seed);
  }

  /** A whole number from 0 to below `n`. */
  below(n: number): number {
    return Math.floor(this.next() * n);
  }

  /** One of the choices. There must be one. */
  pick<T>(choices: readonly T[]): T {
    const at = this.below(choices.length);
    for (const [i, choice] of choices.entries()) if (i === at) return choice;
    throw new Error("there is nothing to choose from");
  }
}
