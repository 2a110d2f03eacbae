/** A log as the budget sees it. */
export interface BudgetedLog {
  /** Drops its oldest chunk; returns how many events that were. 0: it can't drop any for now. */
  evictOldest(): number;
}

/** Logs are compared by size classes, of which 2^3 double the size: "the largest" is exact to an eighth. */
const CLASS_BITS = 3;
const UNIT_BYTES = 64;

/** The size class: the exponent of the size in units, and the first bits behind its highest one. */
function classOf(bytes: number): number {
  const units = Math.ceil(bytes / UNIT_BYTES);
  if (units < 1 << CLASS_BITS) return units;
  const exponent = 31 - Math.clz32(units);
  return (exponent << CLASS_BITS) + ((units >>> (exponent - CLASS_BITS)) & ((1 << CLASS_BITS) - 1));
}

/** The memory of all logs of an engine, and its bound (`-max-history-bytes`). */
export class HistoryBudget {
  readonly maxBytes: number;
  #heldBytes = 0;
  #evictedCount = 0;
  /** The logs that hold anything, by size class; the sets are in the order in which logs came into them. */
  readonly #classes = new Map<number, Set<BudgetedLog>>();
  /** No log is in a higher class. */
  #highestClass = 0;

  /** @param maxBytes the most bytes of all logs together; `Infinity`: no bound */
  constructor(maxBytes: number) {
    this.maxBytes = maxBytes;
  }

  /** The memory of all logs' chunks, in bytes. */
  get heldBytes(): number {
    return this.#heldBytes;
  }

  /** How many events were removed because of the bound. */
  get evictedCount(): number {
    return this.#evictedCount;
  }

  /** A log has another size than before, in bytes. */
  resized(log: BudgetedLog, oldBytes: number, newBytes: number): void {
    this.#heldBytes += newBytes - oldBytes;
    const oldClass = classOf(oldBytes);
    const newClass = classOf(newBytes);
    if (oldClass === newClass) return;
    const members = this.#classes.get(oldClass);
    members?.delete(log);
    if (members?.size === 0) this.#classes.delete(oldClass);
    if (newBytes === 0) return;
    const others = this.#classes.get(newClass);
    if (others === undefined) this.#classes.set(newClass, new Set([log]));
    else others.add(log);
    this.#highestClass = Math.max(this.#highestClass, newClass);
  }

  /** Removes the oldest events of the largest logs, until all are within the bound or none can drop any more. */
  enforce(): void {
    let at = this.#highestClass;
    while (this.#heldBytes > this.maxBytes && at >= 0) {
      if (!this.#evictFrom(at)) at--;
    }
    while (this.#highestClass > 0 && !this.#classes.has(this.#highestClass)) this.#highestClass--;
  }

  /** Has each log of a class drop its oldest chunk, as far as that is needed; returns whether any did. */
  #evictFrom(sizeClass: number): boolean {
    const before = this.#heldBytes;
    for (const log of this.#classes.get(sizeClass) ?? []) {
      if (this.#heldBytes <= this.maxBytes) break;
      this.#evictedCount += log.evictOldest();
    }
    return this.#heldBytes < before;
  }
}
