import { RingcastError } from "./errors.ts";

/** Close codes by which a server refuses a client (docs/protocol.md, "Close codes"). */
const TRY_AGAIN_LATER = 1013;
export const UNAUTHORIZED = 4401;
const DISCONNECTED = 4403;

/** The other side breaks the protocol (RFC 6455, section 7.4.1). */
export const PROTOCOL_ERROR = 1002;

/** What was lost, and how far it had come. */
export interface Loss {
  readonly url: string;
  readonly code: number;
  readonly reason: string;
  /** Whether the server had sent a valid message on it. */
  readonly wasAnswered: boolean;
}

/** Why the server refuses this client; undefined where it does not. */
export function refusalOf({ code, reason, url, wasAnswered }: Loss): RingcastError | undefined {
  switch (code) {
    case PROTOCOL_ERROR:
      return wasAnswered ? undefined : new RingcastError("NOT_RINGCAST", `${url} is not a Ringcast server`);
    case TRY_AGAIN_LATER:
      return new RingcastError("UNAVAILABLE", `the server refused the connection: ${reason}`);
    case UNAUTHORIZED:
      return new RingcastError("UNAUTHORIZED", `${reason || "refused"}; check the API key or token of this client`);
    case DISCONNECTED:
      // After an answer it is an operator who disconnects the client, not its origin that is refused.
      return wasAnswered ? undefined : new RingcastError("FORBIDDEN", reason || "this client may not connect");
    default:
      return undefined;
  }
}
