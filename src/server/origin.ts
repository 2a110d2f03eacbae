/** Decides whether pages of an origin may talk to the server; origins are compared whole. */
export type AllowsOrigin = (origin: string) => boolean;

/** @param allowedOrigins what `-allowed-origins` lists; `*` allows all but `null`, which must be listed itself */
export function createOriginCheck(allowedOrigins: readonly string[]): AllowsOrigin {
  const allowed = new Set(allowedOrigins.map((origin) => origin.toLowerCase()));
  return (origin) => {
    if (origin === "null") return allowed.has("null");
    return allowed.has("*") || allowed.has(origin.toLowerCase());
  };
}
