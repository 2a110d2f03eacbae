import type { Platform } from "./platform.ts";
import type { TokenSource } from "./token-source.ts";

/** The pause after an attempt to renew a token; it doubles with each failure. */
const MIN_PAUSE_MS = 1000;
const MAX_PAUSE_MS = 30_000;

/** Renews the token of an open link, and tries until there is a new one. */
export class TokenRenewal {
  readonly #tokens: TokenSource;
  readonly #platform: Platform;
  readonly #replace: (token: string) => boolean;
  #cancelPause = () => {};
  /** Counts the links: what is fetched for an earlier one is not used. */
  #link = 0;
  /** Whether a token is being fetched, or the pause after that is not over. */
  #isBusy = false;
  /** Whether the token has to be renewed after that. */
  #isDue = false;
  #pauseMs = MIN_PAUSE_MS;

  /** @param replace puts a token in the place of the present one, and returns whether it is another one */
  constructor(tokens: TokenSource, platform: Platform, replace: (token: string) => boolean) {
    this.#tokens = tokens;
    this.#platform = platform;
    this.#replace = replace;
  }

  /** Renews the token, at once or after the pause. */
  start(): void {
    this.#isDue = true;
    if (!this.#isBusy) this.#renew();
  }

  /** The link is gone. */
  stop(): void {
    this.#link++;
    this.#cancelPause();
    this.#isBusy = false;
    this.#isDue = false;
    this.#pauseMs = MIN_PAUSE_MS;
  }

  #renew(): void {
    const link = this.#link;
    this.#isBusy = true;
    this.#isDue = false;
    this.#tokens.fetch().then(
      (token) => {
        if (link === this.#link) this.#pause(this.#replace(token));
      },
      () => {
        if (link === this.#link) this.#pause(false);
      },
    );
  }

  /** Pauses after a success too: the server may warn again at once. */
  #pause(isRenewed: boolean): void {
    this.#isDue ||= !isRenewed;
    this.#cancelPause = this.#platform.after(this.#pauseMs, () => {
      this.#isBusy = false;
      if (this.#isDue) this.#renew();
    });
    this.#pauseMs = isRenewed ? MIN_PAUSE_MS : Math.min(MAX_PAUSE_MS, this.#pauseMs * 2);
  }
}
