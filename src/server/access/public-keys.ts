import type { CryptoKey, JWSHeaderParameters } from "jose";

/** How often `PublicKeys.refresh` is to be called. */
export const REFRESH_MS = 600_000;

/** The keys are where nobody can get them now, so that nothing can be said about a token. */
export class KeysOutOfReach extends Error {}

/**
 * Finds the key that a token's header names.
 * @throws {KeysOutOfReach}, or one of jose's errors where there is no such key
 */
export type FindKey = (header: JWSHeaderParameters) => Promise<CryptoKey>;

/** The public keys by which tokens signed elsewhere are checked. */
export interface PublicKeys {
  readonly keyFor: FindKey;
  /** Gets the keys anew where they may have changed by themselves; to be called at the start and every `REFRESH_MS`. */
  refresh(): Promise<void>;
  /** Gets the keys anew because somebody says so, and logs them, or why they can't be had: then the old ones stay. */
  reload(): Promise<void>;
}
