import type { RingcastError } from "./errors.ts";
import type { Platform } from "./platform.ts";
import type { TokenSource } from "./token-source.ts";

/** The pause after an attempt to renew a token; it doubles with each failure. */
const MIN_PAUSE_MS = 1000;
const MAX_PAUSE_MS = 30_000;

/** What a renewal reports to. */
export interface RenewalPorts {
  /** Puts a token in the place of the present one; returns whether it is another one. */
  replace(token: string): boolean;
  /** No token could be fetched; it is tried again. */
  failed(error: RingcastError): void;
}

/** Renews the token of an open link, and tries until there is a new one. */
export class TokenRenewal {
  readonly #tokens: TokenSource;
  readonly #platform: Platform;
  readonly #ports: RenewalPorts;
  #cancelPause = () => {};
  /** Counts the links: what is fetched for an earlier one is not used. */
  #link = 0;
  /** Whether a token is being fetched, or the pause after that is not over. */
  #isBusy = false;
  /** Whether the token has to be renewed after that. */
  #isDue = false;
  #pauseMs = MIN_PAUSE_MS;

  constructor(tokens: TokenSource, platform: Platform, ports: RenewalPorts) {
    this.#tokens = tokens;
    this.#platform = platform;
    this.#ports = ports;
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
        if (link === this.#link) this.#pause(this.#ports.replace(token));
      },
      (error: RingcastError) => {
        if (link !== this.#link) return;
        this.#ports.failed(error);
        this.#pause(false);
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
