import { encodeInfo } from "../protocol/encode.ts";
import { CLOSE } from "../protocol/errors.ts";
import type { Connection } from "./connection.ts";

/** The part of a connection that has to do with how long it may stay. */
export type Tenure = Pick<Connection, "principal" | "session" | "warnedOf">;

/**
 * Looks after one connection that came with a token: tells it once that the token is about to end, and ends it with
 * the token. To be called every so often.
 * @param nowMs wall-clock time, which is what tokens go by
 * @param closeWaitMs how long a client has to take the close
 */
export function enforceTokenLife(connection: Tenure, nowMs: number, closeWaitMs: number): void {
  const { principal, session } = connection;
  const { life } = principal;
  if (life === undefined || !session.isOpen) return;
  if (nowMs >= life.expiresAtMs) {
    session.end(CLOSE.UNAUTHORIZED, "the token has expired", closeWaitMs);
  } else if (nowMs >= life.warnAtMs && connection.warnedOf !== life) {
    connection.warnedOf = life;
    const expiresAt = new Date(life.expiresAtMs).toISOString();
    const message = "the token expires soon; send a refresh request, or open a new event stream with a new token";
    session.send(
      encodeInfo(undefined, { code: "TOKEN_EXPIRING", message, expires_at: expiresAt }, new Date(nowMs).toISOString()),
    );
  }
}
