import { TokenBucket } from "limiter";
import { LRUCache } from "lru-cache";
import { addressBlock } from "./client-address.ts";

/** How many addresses are remembered; the ones not seen longest are forgotten, which is in their favour. */
const MAX_ADDRESSES = 100_000;

/** How often an address may connect to stay. Streams that all reconnect at once must not use up the requests' burst. */
export const CONNECTION_BURST = 500;
export const CONNECTIONS_PER_SEC = 200;

/** What a request is counted as: `connection` for WebSocket upgrades and event streams. */
export type RequestKind = "request" | "connection";

/** A token bucket for each client address. */
class Buckets {
  readonly #perMin: number;
  readonly #burst: number;
  readonly #buckets = new LRUCache<string, TokenBucket>({ max: MAX_ADDRESSES });

  constructor(perMin: number, burst: number) {
    this.#perMin = perMin;
    this.#burst = burst;
  }

  /** Takes one token. Returns 0 if there was one, else the whole seconds until there will be. */
  take(address: string): number {
    const bucket = this.#bucketOf(address);
    return bucket.tryRemoveTokens(1) ? 0 : Math.max(1, Math.ceil(bucket.getWaitTime(1) / 1000));
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

/**
 * The rate limit (specification rulings, section 5): token buckets by client address, IPv6 addresses by /64, one for
 * requests and one for those that connect to stay.
 */
export class RateLimit {
  readonly #isOff: boolean;
  readonly #buckets: Record<RequestKind, Buckets>;
  #refusedCount = 0;

  /**
   * @param perMin tokens for requests that come back in a minute (`-rate-limit-per-min`); 0: no limit for either kind
   * @param burst tokens for requests that a bucket holds (`-rate-limit-burst`)
   */
  constructor(perMin: number, burst: number) {
    this.#isOff = perMin === 0;
    this.#buckets = {
      request: new Buckets(perMin, burst),
      connection: new Buckets(CONNECTIONS_PER_SEC * 60, CONNECTION_BURST),
    };
  }

  /** How often there was no token. */
  get refusedCount(): number {
    return this.#refusedCount;
  }

  /** Takes one token of an address. Returns 0 if there was one, else the whole seconds until there will be. */
  take(address: string, kind: RequestKind): number {
    if (this.#isOff) return 0;
    const seconds = this.#buckets[kind].take(addressBlock(address));
    if (seconds > 0) this.#refusedCount++;
    return seconds;
  }
}
