import type { Logger } from "./logger.ts";
import type { Journal } from "./system/journal.ts";

/** Counts what should never happen and writes it down, so that one defect harms one connection at most. */
export class FaultLog {
  readonly #logger: Logger;
  readonly #journal: Journal;
  #count = 0;

  constructor(logger: Logger, journal: Journal) {
    this.#logger = logger;
    this.#journal = journal;
  }

  /** How many faults there were since the server began. */
  get count(): number {
    return this.#count;
  }

  /** Notes a fault. `context` says where. */
  record(error: unknown, context: Record<string, unknown>): void {
    this.#count++;
    this.#journal.note({ code: "INTERNAL", level: "error", message: "an internal error, which the log describes" });
    this.#logger.error({ ...context, err: error }, "internal error");
  }
}
