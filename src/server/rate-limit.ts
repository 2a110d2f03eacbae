import { LRUCache } from "lru-cache";
import type { Clock } from "../core/clock.ts";
import { addressBlock } from "./client-address.ts";

/** How many addresses are remembered; the ones not seen longest are forgotten, which is in their favour. */
const MAX_ADDRESSES = 100_000;

/** How often an address may connect to stay. Streams that all reconnect at once must not use up the requests' burst. */
export const CONNECTION_BURST = 500;
export const CONNECTIONS_PER_SEC = 200;
/** No client is asked to wait longer than this for its turn to connect. */
const MAX_TURN_MS = 60_000;

/** What a request is counted as: `connection` for WebSocket upgrades, event streams and sessions by HTTP. */
export type RequestKind = "request" | "connection";

/** What the limit knows of an address. */
interface Bucket {
  tokens: number;
  /** When the tokens were counted, in monotonic ms. */
  countedAtMs: number;
  /** The first time that no refused client was told to come back at. */
  nextTurnMs: number;
}

/** A token bucket for each client address. */
class Buckets {
  readonly #perMs: number;
  readonly #burst: number;
  readonly #clock: Pick<Clock, "monotonicMs">;
  readonly #buckets = new LRUCache<string, Bucket>({ max: MAX_ADDRESSES });

  constructor(perMs: number, burst: number, clock: Pick<Clock, "monotonicMs">) {
    this.#perMs = perMs;
    this.#burst = burst;
    this.#clock = clock;
  }

  /** Takes one token. Returns 0 if there was one, else the milliseconds until there will be. */
  take(address: string): number {
    const bucket = this.#refilled(address);
    if (bucket.tokens < 1) return (1 - bucket.tokens) / this.#perMs;
    bucket.tokens--;
    return 0;
  }

  /**
   * The same, but each client that is refused gets a turn of its own: clients that come all at once and return when they
   * are told find one token each.
   */
  takeInTurn(address: string): number {
    const waitMs = this.take(address);
    if (waitMs === 0) return 0;
    const now = this.#clock.monotonicMs();
    const bucket = this.#refilled(address);
    const turnMs = Math.max(bucket.nextTurnMs, now + waitMs);
    if (turnMs - now > MAX_TURN_MS) return MAX_TURN_MS;
    bucket.nextTurnMs = turnMs + 1 / this.#perMs;
    return turnMs - now;
  }

  #refilled(address: string): Bucket {
    const now = this.#clock.monotonicMs();
    const known = this.#buckets.get(address);
    if (known === undefined) {
      const bucket = { tokens: this.#burst, countedAtMs: now, nextTurnMs: now };
      this.#buckets.set(address, bucket);
      return bucket;
    }
    known.tokens = Math.min(this.#burst, known.tokens + (now - known.countedAtMs) * this.#perMs);
    known.countedAtMs = now;
    return known;
  }
}

/**
 * The rate limit (specification rulings, section 5): token buckets by client address, IPv6 addresses by /64, one for
 * requests and one for those that connect to stay.
 */
export class RateLimit {
  readonly #isOff: boolean;
  readonly #requests: Buckets;
  readonly #connections: Buckets;
  #refusedCount = 0;

  /**
   * @param perMin tokens for requests that come back in a minute (`-rate-limit-per-min`); 0: no limit for either kind
   * @param burst tokens for requests that a bucket holds (`-rate-limit-burst`)
   */
  constructor(perMin: number, burst: number, clock: Pick<Clock, "monotonicMs">) {
    this.#isOff = perMin === 0;
    this.#requests = new Buckets(perMin / 60_000, burst, clock);
    this.#connections = new Buckets(CONNECTIONS_PER_SEC / 1000, CONNECTION_BURST, clock);
  }

  /** How often there was no token. */
  get refusedCount(): number {
    return this.#refusedCount;
  }

  /** Takes one token of an address. Returns 0 if there was one, else after how many milliseconds to come back, at least 1. */
  take(address: string, kind: RequestKind): number {
    if (this.#isOff) return 0;
    const block = addressBlock(address);
    const waitMs = kind === "request" ? this.#requests.take(block) : this.#connections.takeInTurn(block);
    if (waitMs > 0) this.#refusedCount++;
    return Math.ceil(waitMs);
  }
}
