import type { Logger } from "./logger.ts";

/** Counts what should never happen and writes it down, so that one defect harms one connection at most. */
export class FaultLog {
  readonly #logger: Logger;
  #count = 0;

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  /** How many faults there were since the server began. */
  get count(): number {
    return this.#count;
  }

  /** Notes a fault. `context` says where. */
  record(error: unknown, context: Record<string, unknown>): void {
    this.#count++;
    this.#logger.error({ ...context, err: error }, "internal error");
  }
}
