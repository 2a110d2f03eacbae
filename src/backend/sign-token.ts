import { RingcastError } from "./errors.ts";
import type { Grant } from "./options.ts";

const DEFAULT_TTL_SEC = 3600;
const MAX_TTL_SEC = 86_400;

function base64Url(bytes: Uint8Array): string {
  const text = Array.from(bytes, (byte) => String.fromCharCode(byte)).join("");
  return btoa(text).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

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
export async function signToken(grant: Grant, secret: string, nowMs: number): Promise<string> {
  const { clientId, publish = [], subscribe = [] } = grant;
  const iat = Math.floor(nowMs / 1000);
  const claims = { subscribe, publish, sub: clientId, aud: "ringcast", iat, exp: iat + ttlSecOf(grant) };
  const encoder = new TextEncoder();
  const parts = [{ alg: "HS256", typ: "JWT" }, claims].map((part) => base64Url(encoder.encode(JSON.stringify(part))));
  const signed = parts.join(".");
  const algorithm = { name: "HMAC", hash: "SHA-256" };
  const key = await crypto.subtle.importKey("raw", encoder.encode(secret), algorithm, false, ["sign"]);
  const signature = await crypto.subtle.sign("HMAC", key, encoder.encode(signed));
  return `${signed}.${base64Url(new Uint8Array(signature))}`;
}
