import { deferred } from "./deferred.ts";
import { RingcastError } from "./errors.ts";
import type { Platform } from "./platform.ts";

/** How long the application may take to get a token. */
const TOKEN_TIMEOUT_MS = 30_000;
/** The characters that a subprotocol in a header may have (RFC 9110, section 5.6.2). */
const TOKEN = /^[\w!#$%&'*+.^`|~-]+$/;

/** Whether a value can be sent as a token. An error must not quote an invalid one, because it may contain a secret. */
export function isToken(value: unknown): value is string {
  return typeof value === "string" && TOKEN.test(value);
}

/** Asks the application for tokens, with one call at a time and a time limit. */
export class TokenSource {
  readonly #getToken: () => string | Promise<string>;
  readonly #platform: Platform;
  #call: Promise<string> | undefined;
  #cancelTimeout = () => {};

  constructor(getToken: () => string | Promise<string>, platform: Platform) {
    this.#getToken = getToken;
    this.#platform = platform;
  }

  /**
   * Fetches a token; joins the call that is under way, if there is one. Rejects with `NO_TOKEN` if `getToken` failed, gave
   * no token or took too long.
   */
  fetch(): Promise<string> {
    this.#call ??= this.#ask().finally(() => {
      this.#cancelTimeout();
      this.#call = undefined;
    });
    return this.#call;
  }

  /** Stops the timer of a call. Its promise may stay pending. */
  close(): void {
    this.#cancelTimeout();
  }

  #ask(): Promise<string> {
    const { promise, reject, resolve } = deferred<string>();
    this.#cancelTimeout = this.#platform.after(TOKEN_TIMEOUT_MS, () =>
      reject(new RingcastError("NO_TOKEN", `getToken took longer than ${TOKEN_TIMEOUT_MS / 1000} s`)),
    );
    const ask = async () => {
      const token: unknown = await this.#getToken();
      if (isToken(token)) resolve(token);
      else throw new TypeError("it did not return a valid token; if it uses fetch, check response.ok");
    };
    ask().catch((cause: unknown) => reject(new RingcastError("NO_TOKEN", `getToken failed: ${cause}`, { cause })));
    return promise;
  }
}
