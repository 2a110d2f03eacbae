import { createHash, timingSafeEqual } from "node:crypto";
import { Refusal } from "../../protocol/errors.ts";
import { ANYBODY, keyHolder, type Principal, type Role } from "./principal.ts";
import type { Tokens } from "./tokens.ts";

/** An API key, by whose name its holder is known. */
export interface ApiKey {
  readonly name: string;
  readonly role: Role;
  readonly key: string;
}

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

function digest(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}

/** The API keys that the server knows. */
export class KeyRing {
  #holders: readonly { readonly digest: Buffer; readonly principal: Principal }[] = [];

  constructor(keys: readonly ApiKey[]) {
    this.replace(keys);
  }

  /** Whether there is no key at all, so that none is needed. */
  get isEmpty(): boolean {
    return this.#holders.length === 0;
  }

  /** Knows these keys from now on, and no others. */
  replace(keys: readonly ApiKey[]): void {
    this.#holders = keys.map(({ key, name, role }) => ({ digest: digest(key), principal: keyHolder(name, role) }));
  }

  /** Who holds a key; undefined where nobody does. */
  holderOf(key: string): Principal | undefined {
    const presented = digest(key);
    let found: Principal | undefined;
    // Digests have one length, and every one is compared: it takes the same time whatever was sent.
    for (const holder of this.#holders) if (timingSafeEqual(holder.digest, presented)) found = holder.principal;
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
