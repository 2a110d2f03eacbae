// Microseconds up to 128 have a bucket each; above, every power of two is cut into 64, which keeps each value within
// 1.6 per cent of the truth.
const SUB_BITS = 6;
const SUB_BUCKETS = 1 << SUB_BITS;
const LARGEST_US = 2 ** 31 - 1;

/** Counts latencies in buckets, so that recording one costs no memory. */
export class LatencyHistogram {
  readonly #counts = new Float64Array(32 * SUB_BUCKETS);
  #total = 0;

  /** How many latencies were recorded. */
  get total(): number {
    return this.#total;
  }

  /** Records one latency in microseconds. */
  record(us: number): void {
    const index = bucketOf(Math.min(Math.max(us, 0), LARGEST_US) | 0);
    this.#counts[index] = (this.#counts[index] ?? 0) + 1;
    this.#total++;
  }

  /** The latency that the given share (0 to 1) of all stays at or below, in microseconds; 0 without any. */
  quantile(share: number): number {
    const rank = Math.max(1, Math.ceil(share * this.#total));
    let seen = 0;
    for (let index = 0; index < this.#counts.length; index++) {
      seen += this.#counts[index] ?? 0;
      if (seen >= rank) return largestIn(index);
    }
    return 0;
  }

  /** Forgets everything. */
  reset(): void {
    this.#counts.fill(0);
    this.#total = 0;
  }
}

function bucketOf(us: number): number {
  if (us < 2 * SUB_BUCKETS) return us;
  const shift = 31 - Math.clz32(us) - SUB_BITS;
  return shift * SUB_BUCKETS + (us >>> shift);
}

function largestIn(index: number): number {
  if (index < 2 * SUB_BUCKETS) return index;
  const shift = Math.floor(index / SUB_BUCKETS) - 1;
  const step = index - shift * SUB_BUCKETS;
  return (step + 1) * 2 ** shift - 1;
}
