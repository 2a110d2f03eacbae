import { createRemoteJWKSet, customFetch, type FetchImplementation, type RemoteJWKSet } from "jose";
import type { Clock } from "../../core/clock.ts";
import type { Logger } from "../logger.ts";
import { MAX_KEY_SET_BYTES, NO_KEY_SET, parseKeySet } from "./key-set.ts";
import { type FindKey, KeysOutOfReach, type PublicKeys } from "./public-keys.ts";

/** How long the URL may take for its whole answer. */
const TIMEOUT_MS = 5000;
/** A token that names an unknown key has the keys fetched anew, but so long after the last time at the soonest. */
const COOLDOWN_MS = 30_000;
/** The same after a time that failed, of which jose takes no notice. */
const RETRY_MS = 5000;
/** Keys that could not be fetched anew for so long are given up. */
const MAX_AGE_MS = 24 * 3_600_000;

export interface UrlKeysPorts {
  readonly clock: Clock;
  readonly logger: Logger;
}

async function readText(response: Response): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  let bytes = 0;
  for await (const chunk of response.body ?? []) {
    bytes += chunk.byteLength;
    if (bytes > MAX_KEY_SET_BYTES) throw new Error(`is larger than ${MAX_KEY_SET_BYTES} bytes`);
    text += decoder.decode(chunk, { stream: true });
  }
  return text + decoder.decode();
}

/**
 * Public keys from a URL: fetched by `refresh`, and when a token names a key that is not among them. While the URL can't
 * be reached the keys stay, for a day at most.
 */
export class UrlKeys implements PublicKeys {
  readonly #remote: RemoteJWKSet;
  readonly #ports: UrlKeysPorts;
  #retryAtMs = Number.NEGATIVE_INFINITY;
  /** The answer that was logged last. */
  #loggedText = "";

  constructor(url: URL, ports: UrlKeysPorts) {
    this.#ports = ports;
    this.#remote = createRemoteJWKSet(url, {
      timeoutDuration: TIMEOUT_MS,
      cooldownDuration: COOLDOWN_MS,
      cacheMaxAge: MAX_AGE_MS,
      [customFetch]: this.#fetch,
    });
  }

  readonly keyFor: FindKey = (header) => this.#remote(header);

  async refresh(): Promise<void> {
    try {
      await this.#remote.reload();
    } catch (error) {
      // It is in the log already, and the keys that there are stay in force.
      if (!(error instanceof KeysOutOfReach)) throw error;
    }
  }

  async reload(): Promise<void> {
    this.#retryAtMs = Number.NEGATIVE_INFINITY;
    this.#loggedText = "";
    await this.refresh();
  }

  /** Hands jose usable keys only, or fails. */
  readonly #fetch: FetchImplementation = async (url, options) => {
    const { clock, logger } = this.#ports;
    if (clock.monotonicMs() < this.#retryAtMs) throw new KeysOutOfReach();
    try {
      const response = await fetch(url, options);
      if (response.status !== 200) throw new Error(`answers with status ${response.status}`);
      const text = await readText(response);
      const set = parseKeySet(text);
      if (set === undefined) throw new Error(NO_KEY_SET);
      if (text !== this.#loggedText) {
        logger.info({ from: url, keys: set.jwks.keys.length, ignored: set.ignored }, "token keys loaded");
      }
      this.#loggedText = text;
      return Response.json(set.jwks);
    } catch (error) {
      this.#retryAtMs = clock.monotonicMs() + RETRY_MS;
      const why = error instanceof Error ? error.message : String(error);
      logger.warn({ from: url, why }, "token keys not loaded, keeping the previous ones");
      throw new KeysOutOfReach();
    }
  };
}
