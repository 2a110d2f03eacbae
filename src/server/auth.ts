import { createHash, timingSafeEqual } from "node:crypto";

/** Decides whether a request's headers carry the API key. */
export type Authenticate = (headers: Headers) => boolean;

function digest(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}

/** The key that a request presents: `X-API-Key: KEY`, or `Authorization: Bearer KEY`. */
function presentedKey(headers: Headers): string | undefined {
  const key = headers.get("x-api-key");
  if (key !== null) return key;
  return /^Bearer +(\S+) *$/i.exec(headers.get("authorization") ?? "")?.[1];
}

/**
 * Makes the check of the API key.
 * @param apiKey the key, or an empty text if none is needed
 */
export function createAuthenticator(apiKey: string): Authenticate {
  if (apiKey === "") return () => true;
  const expected = digest(apiKey);
  // Digests have one length, so the comparison takes the same time whatever was sent.
  return (headers) => timingSafeEqual(digest(presentedKey(headers) ?? ""), expected);
}
