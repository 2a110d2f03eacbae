import { createHash, timingSafeEqual } from "node:crypto";
import type { ApiKey } from "../../config/api-keys.ts";
import { Refusal } from "../../protocol/errors.ts";
import { ANYBODY, KeyHolder, type Principal } from "./principal.ts";
import type { Tokens } from "./tokens.ts";

/** What a request presents to say who makes it. */
export interface Credentials {
  /** What may be an API key or a token (`Authorization: Bearer`). */
  readonly bearer?: string | undefined;
  /** What may only be an API key (`X-API-Key`). */
  readonly key?: string | undefined;
  /** What may only be a token: in a subprotocol or a URL, where keys have no place. */
  readonly token?: string | undefined;
}

/** Finds out who makes a request; a refusal where nobody known does. */
export type Authenticate = (credentials: Credentials) => Principal | Refusal | Promise<Principal | Refusal>;

function digestOf(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}

/** The API keys that the server knows; of each the digest alone. */
export class KeyRing {
  #entries: readonly { readonly digest: Buffer; readonly holder: KeyHolder }[] = [];

  constructor(keys: readonly ApiKey[]) {
    this.replace(keys);
  }

  /** Whether there is no key at all, so that none is needed. */
  get isEmpty(): boolean {
    return this.#entries.length === 0;
  }

  /** Who holds the keys, in the order in which they were given. */
  get holders(): readonly KeyHolder[] {
    return this.#entries.map(({ holder }) => holder);
  }

  /** Knows these keys from now on, and no others. A key that was known already keeps its holder. */
  replace(keys: readonly ApiKey[]): void {
    const known = new Map(this.#entries.map(({ digest, holder }) => [digest.toString("hex"), holder]));
    this.#entries = keys.map(({ key, name, role }) => {
      const digest = digestOf(key);
      const hex = digest.toString("hex");
      const holder = known.get(hex) ?? new KeyHolder(name, role);
      known.delete(hex);
      holder.assign(name, role);
      return { digest, holder };
    });
    for (const holder of known.values()) holder.revoke();
  }

  /** Who holds a key; undefined where nobody does. */
  holderOf(key: string): KeyHolder | undefined {
    const presented = digestOf(key);
    let found: KeyHolder | undefined;
    // Digests have one length, and every one is compared: it takes the same time whatever was sent.
    for (const { digest, holder } of this.#entries) if (timingSafeEqual(digest, presented)) found = holder;
    return found;
  }
}

/** Whether a text has a token's form: three parts, with dots between them. */
function looksLikeToken(text: string): boolean {
  return text.split(".").length === 3;
}

/** Makes the check of who makes a request. Where no key is set, nobody needs one; a token that is presented holds all the same. */
export function createAuthenticator(keys: KeyRing, tokens: Pick<Tokens, "verify">): Authenticate {
  return ({ bearer, key, token }) => {
    const presentedKey = key ?? bearer;
    const holder = presentedKey === undefined ? undefined : keys.holderOf(presentedKey);
    if (holder !== undefined) return holder;
    if (key === undefined) {
      const presentedToken = bearer !== undefined && looksLikeToken(bearer) ? bearer : token;
      if (presentedToken !== undefined) return tokens.verify(presentedToken);
    }
    return keys.isEmpty ? ANYBODY : new Refusal("UNAUTHORIZED", "a valid API key or token is needed");
  };
}
