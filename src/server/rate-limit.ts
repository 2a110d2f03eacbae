import { TokenBucket } from "limiter";
import { LRUCache } from "lru-cache";

/** How many addresses are remembered; the ones not seen longest are forgotten, which is in their favour. */
const MAX_ADDRESSES = 100_000;

/** A token bucket for each client address (specification rulings, section 5). */
export class RateLimit {
  readonly #perMin: number;
  readonly #burst: number;
  readonly #buckets = new LRUCache<string, TokenBucket>({ max: MAX_ADDRESSES });

  #refusedCount = 0;

  /**
   * @param perMin tokens that come back in a minute (`-rate-limit-per-min`); 0: no limit
   * @param burst tokens that a bucket holds (`-rate-limit-burst`)
   */
  constructor(perMin: number, burst: number) {
    this.#perMin = perMin;
    this.#burst = burst;
  }

  /** How often there was no token. */
  get refusedCount(): number {
    return this.#refusedCount;
  }

  /** Takes one token of an address. Returns 0 if there was one, else the whole seconds until there will be. */
  take(address: string): number {
    if (this.#perMin === 0) return 0;
    const bucket = this.#bucketOf(address);
    if (bucket.tryRemoveTokens(1)) return 0;
    this.#refusedCount++;
    return Math.max(1, Math.ceil(bucket.getWaitTime(1) / 1000));
  }

  #bucketOf(address: string): TokenBucket {
    const known = this.#buckets.get(address);
    if (known !== undefined) return known;
    const bucket = new TokenBucket({ bucketSize: this.#burst, tokensPerInterval: this.#perMin, interval: "minute" });
    bucket.content = this.#burst;
    this.#buckets.set(address, bucket);
    return bucket;
  }
}
