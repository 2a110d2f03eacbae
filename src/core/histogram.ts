/** How often values fell between fixed bounds, and their sum: a histogram in plain numbers, made to be cheap to add to. */
export class Histogram {
  /** The upper bounds, each included, in ascending order. */
  readonly bounds: readonly number[];
  /** How many values lie up to each bound and above the one before it; the last is of those above all bounds. */
  readonly counts: number[];
  #sum = 0;

  /** @param bounds upper bounds in ascending order, in the unit of the values */
  constructor(bounds: readonly number[]) {
    this.bounds = bounds;
    this.counts = Array.from({ length: bounds.length + 1 }, () => 0);
  }

  /** The sum of all values. */
  get sum(): number {
    return this.#sum;
  }

  /** Adds a value, as often as it occurred. */
  observe(value: number, times = 1): void {
    const { bounds, counts } = this;
    let i = 0;
    while (i < bounds.length && value > (bounds[i] ?? 0)) i++;
    counts[i] = (counts[i] ?? 0) + times;
    this.#sum += value * times;
  }
}
