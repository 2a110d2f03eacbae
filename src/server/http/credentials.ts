import type { Credentials } from "../access/authenticator.ts";
import { isEventStreamPath, SESSION_PATH, WEBSOCKET_PATH } from "./paths.ts";
import { headerOf, type RequestHead } from "./request-head.ts";

/** The subprotocol that a client may ask for by name. */
export const SUBPROTOCOL = "ringcast.v1";
/** What goes before a token that is offered as a subprotocol: a browser's only way to send one with a WebSocket. */
const TOKEN_PROTOCOL_PREFIX = "token.";

/** The subprotocols that a request offers. */
function offeredProtocols(head: RequestHead): string[] {
  return (headerOf(head, "sec-websocket-protocol") ?? "").split(",").map((protocol) => protocol.trim());
}

/** Whether a request offers `ringcast.v1`, in any case. */
export function offersSubprotocol(head: RequestHead): boolean {
  return offeredProtocols(head).some((protocol) => protocol.toLowerCase() === SUBPROTOCOL);
}

/** The token that a request carries where a browser can put no header: in a subprotocol, or in an event stream's URL. */
function tokenBesideHeaders(head: RequestHead): string | undefined {
  if (isEventStreamPath(head.path) || head.path === SESSION_PATH) return head.query.get("token") ?? undefined;
  if (head.path !== WEBSOCKET_PATH) return undefined;
  const protocol = offeredProtocols(head).find((name) => name.startsWith(TOKEN_PROTOCOL_PREFIX));
  return protocol?.slice(TOKEN_PROTOCOL_PREFIX.length);
}

/**
 * What a request presents to say who makes it: `X-API-Key: KEY`; `Authorization: Bearer` with a key or a token; on
 * `/ws` a token offered as the subprotocol `token.JWT`, on event streams one in the query, as `?token=JWT`.
 */
export function presentedCredentials(head: RequestHead): Credentials {
  const bearer = /^Bearer +(\S+) *$/i.exec(head.headers.authorization ?? "")?.[1];
  return { bearer, key: headerOf(head, "x-api-key"), token: tokenBesideHeaders(head) };
}
