/** A log as the budget sees it. */
export interface BudgetedLog {
  /** The memory of its chunks. */
  readonly heldBytes: number;
  /** Where the budget keeps it; undefined before it has held anything. */
  sizeClass: number | undefined;
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
  /**
   * The logs that hold anything, by size class; the sets are in the order in which logs came into them. A log that has become
   * smaller stays in its class until it is considered there: logs that are full change their size with every chunk.
   */
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

  /** The size of a log has changed by so many bytes. */
  resized(log: BudgetedLog, bytes: number): void {
    this.#heldBytes += bytes;
    const sizeClass = log.heldBytes === 0 ? undefined : classOf(log.heldBytes);
    if (sizeClass === undefined || sizeClass > (log.sizeClass ?? -1)) this.#move(log, sizeClass);
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
      const rightClass = classOf(log.heldBytes);
      if (rightClass < sizeClass) this.#move(log, rightClass);
      else this.#evictedCount += log.evictOldest();
    }
    return this.#heldBytes < before;
  }

  /** @param sizeClass undefined: it is no longer kept */
  #move(log: BudgetedLog, sizeClass: number | undefined): void {
    if (log.sizeClass !== undefined) {
      const members = this.#classes.get(log.sizeClass);
      members?.delete(log);
      if (members?.size === 0) this.#classes.delete(log.sizeClass);
    }
    log.sizeClass = sizeClass;
    if (sizeClass === undefined) return;
    const others = this.#classes.get(sizeClass);
    if (others === undefined) this.#classes.set(sizeClass, new Set([log]));
    else others.add(log);
    this.#highestClass = Math.max(this.#highestClass, sizeClass);
  }
}
