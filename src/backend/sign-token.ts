import { SignJWT } from "jose";
import { RingcastError } from "./errors.ts";
import type { Grant } from "./options.ts";

const DEFAULT_TTL_SEC = 3600;
const MAX_TTL_SEC = 86_400;

/** How long a token is valid, in seconds. Throws `BAD_REQUEST` where that is out of range. */
export function ttlSecOf({ ttlSec = DEFAULT_TTL_SEC }: Grant): number {
  if (Number.isInteger(ttlSec) && ttlSec >= 1 && ttlSec <= MAX_TTL_SEC) return ttlSec;
  throw new RingcastError("BAD_REQUEST", `ttlSec must be a whole number from 1 to ${MAX_TTL_SEC}`);
}

/**
 * Signs a token: a JSON Web Token (RFC 7519) with HMAC and SHA-256, as the server signs its own (docs/protocol.md, "Tokens").
 * @param secret the server's `-token-secret`
 * @param nowMs the time, in ms since 1970
 */
export function signToken(grant: Grant, secret: string, nowMs: number): Promise<string> {
  const { clientId, publish = [], subscribe = [] } = grant;
  const issuedAtSec = Math.floor(nowMs / 1000);
  return new SignJWT({ subscribe: [...subscribe], publish: [...publish] })
    .setProtectedHeader({ alg: "HS256", typ: "JWT" })
    .setSubject(clientId)
    .setAudience("ringcast")
    .setIssuedAt(issuedAtSec)
    .setExpirationTime(issuedAtSec + ttlSecOf(grant))
    .sign(new TextEncoder().encode(secret));
}
