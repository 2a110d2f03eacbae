import { hkdfSync, randomBytes } from "node:crypto";
import { errors, type JWTVerifyGetKey, jwtVerify, SignJWT } from "jose";
import { z } from "zod";
import type { Clock } from "../../core/clock.ts";
import { Refusal } from "../../protocol/errors.ts";
import { isName } from "../../protocol/limits.ts";
import { topicPatternSchema } from "../../protocol/messages.ts";
import { isSystemName } from "../../protocol/system-topics.ts";
import { PUBLIC_ALGORITHMS } from "./key-set.ts";
import { newUsage, type Principal } from "./principal.ts";
import { KeysOutOfReach, type PublicKeys } from "./public-keys.ts";

/** The audience that every token must name (RFC 7519, section 4.1.3): one made for another service is none for this. */
export const AUDIENCE = "ringcast";
/** What tokens are signed with here, and elsewhere by those who know the secret. */
const SECRET_ALGORITHM = "HS256";
/** The most topics or beginnings of topics that a token may list for each of publishing and subscribing. */
export const MAX_PATTERNS = 100;
const MAX_TOKEN_CHARS = 65_536;
/** A token's end is told this long before it, or a tenth of its lifetime before, whichever is shorter. */
const MAX_WARNING_MS = 30_000;

/** What a token is to allow. A pattern is a topic's name, or the beginning of names with a `*` behind it. */
export interface Grant {
  readonly clientId: string;
  readonly subscribe: readonly string[];
  readonly publish: readonly string[];
  readonly ttlMs: number;
}

/** A token, and the wall-clock time at which it ends. */
export interface IssuedToken {
  readonly token: string;
  readonly expiresAtMs: number;
}

const patternsSchema = z.array(topicPatternSchema).max(MAX_PATTERNS);

const claimsSchema = z.object({
  sub: z.string().refine(isName),
  exp: z.number(),
  iat: z.number().optional(),
  subscribe: patternsSchema.default([]),
  publish: patternsSchema.default([]),
});

/**
 * What tokens are signed with.
 * @param secret what `-token-secret` says, or an empty text
 * @param apiKey an API key to derive it from otherwise; without one either it is random, and ends with the process
 */
export function signingSecret(secret: string, apiKey: string | undefined): Uint8Array {
  if (secret !== "") return new TextEncoder().encode(secret);
  if (apiKey === undefined) return randomBytes(32);
  return new Uint8Array(hkdfSync("sha256", apiKey, "", "ringcast tokens", 32));
}

function matcher(patterns: readonly string[]): (topic: string) => boolean {
  const names = new Set(patterns);
  const beginnings = patterns.filter((pattern) => pattern.endsWith("*")).map((pattern) => pattern.slice(0, -1));
  // The server's own topics are none that a general `*` means: a pattern for them begins as they do.
  const mayBegin = (topic: string, beginning: string) => isSystemName(beginning) || !isSystemName(topic);
  return (topic) =>
    names.has(topic) || beginnings.some((beginning) => topic.startsWith(beginning) && mayBegin(topic, beginning));
}

/** What tokens are signed with, and whether another secret has taken its place. */
interface Signer {
  readonly secret: Uint8Array;
  isRevoked: boolean;
}

/** Who signs tokens elsewhere: what becomes of the secret does not touch them. */
const ELSEWHERE = { isRevoked: false };

/** Makes and checks tokens: JSON Web Tokens (RFC 7519), signed with HMAC and SHA-256, or elsewhere with a private key. */
export class Tokens {
  #signer: Signer;
  readonly #clock: Clock;
  readonly #publicKeys: Pick<PublicKeys, "keyFor"> | undefined;
  readonly #algorithms: string[];

  /** @param publicKeys without them, only the secret tells that a token is good */
  constructor(secret: Uint8Array, clock: Clock, publicKeys?: Pick<PublicKeys, "keyFor">) {
    this.#signer = { secret, isRevoked: false };
    this.#clock = clock;
    // Nothing else, whatever a token itself says: `none` and other people's algorithms are refused.
    this.#algorithms = publicKeys === undefined ? [SECRET_ALGORITHM] : [SECRET_ALGORITHM, ...PUBLIC_ALGORITHMS];
    this.#publicKeys = publicKeys;
  }

  /** Signs with another secret from now on. Tokens of the old one are valid no more, and their holders are revoked. */
  replaceSecret(secret: Uint8Array): void {
    this.#signer.isRevoked = true;
    this.#signer = { secret, isRevoked: false };
  }

  async issue({ clientId, publish, subscribe, ttlMs }: Grant): Promise<IssuedToken> {
    const issuedAt = Math.floor(this.#clock.wallMs() / 1000);
    // Whole seconds, rounded up: a token may live a moment longer than asked for, never shorter.
    const expiresAt = Math.ceil((this.#clock.wallMs() + ttlMs) / 1000);
    const token = await new SignJWT({ subscribe: [...subscribe], publish: [...publish] })
      .setProtectedHeader({ alg: SECRET_ALGORITHM, typ: "JWT" })
      .setSubject(clientId)
      .setAudience(AUDIENCE)
      .setIssuedAt(issuedAt)
      .setExpirationTime(expiresAt)
      .sign(this.#signer.secret);
    return { token, expiresAtMs: expiresAt * 1000 };
  }

  /**
   * Who holds a token; a refusal where it is forged, expired, for somebody else, or says what it must not, and where the
   * keys to check it with are out of reach.
   */
  async verify(token: string): Promise<Principal | Refusal> {
    if (token.length > MAX_TOKEN_CHARS) return new Refusal("UNAUTHORIZED", "the token is too long");
    const signer = this.#signer;
    const publicKeys = this.#publicKeys;
    // The secret is for the one algorithm, and no public key is for that.
    const keyFor: JWTVerifyGetKey = (header) =>
      publicKeys === undefined || header.alg === SECRET_ALGORITHM ? signer.secret : publicKeys.keyFor(header);
    try {
      const { payload, protectedHeader } = await jwtVerify(token, keyFor, {
        algorithms: this.#algorithms,
        audience: AUDIENCE,
        requiredClaims: ["exp", "sub"],
        currentDate: new Date(this.#clock.wallMs()),
      });
      const claims = claimsSchema.safeParse(payload);
      if (!claims.success) return new Refusal("UNAUTHORIZED", "the token's claims are not as they must be");
      return this.#holder(claims.data, protectedHeader.alg === SECRET_ALGORITHM ? signer : ELSEWHERE);
    } catch (error) {
      if (error instanceof errors.JWTExpired) return new Refusal("UNAUTHORIZED", "the token has expired");
      if (error instanceof KeysOutOfReach) {
        return new Refusal("UNAVAILABLE", "the keys to check the token with can't be fetched at present");
      }
      if (error instanceof errors.JOSEError) return new Refusal("UNAUTHORIZED", "the token is not valid");
      throw error;
    }
  }

  #holder(
    { exp, iat, publish, sub, subscribe }: z.infer<typeof claimsSchema>,
    signer: Pick<Signer, "isRevoked">,
  ): Principal {
    const expiresAtMs = exp * 1000;
    const lifetimeMs = expiresAtMs - (iat === undefined ? this.#clock.wallMs() : iat * 1000);
    return {
      name: sub,
      isAdmin: false,
      clientId: sub,
      usage: newUsage(),
      get isRevoked() {
        return signer.isRevoked;
      },
      life: { expiresAtMs, warnAtMs: expiresAtMs - Math.min(MAX_WARNING_MS, Math.max(0, lifetimeMs / 10)) },
      mayPublish: matcher(publish),
      maySubscribe: matcher(subscribe),
    };
  }
}
