import type { Credentials } from "../access/authenticator.ts";

/** The subprotocol that a client may ask for by name. */
export const SUBPROTOCOL = "ringcast.v1";
/** What goes before a token that is offered as a subprotocol: a browser's only way to send one with a WebSocket. */
const TOKEN_PROTOCOL_PREFIX = "token.";

/** The subprotocols that a request offers. */
function offeredProtocols(headers: Headers): string[] {
  return (headers.get("sec-websocket-protocol") ?? "").split(",").map((protocol) => protocol.trim());
}

/** Whether a path is one of event streams. */
function isEventStream(path: string): boolean {
  return path === "/events" || /^\/topics\/[^/]+\/events$/.test(path);
}

/** The token that a request carries where a browser can put no header: in a subprotocol, or in an event stream's URL. */
function tokenBesideHeaders({ headers, url }: Request): string | undefined {
  const { pathname, searchParams } = new URL(url);
  if (isEventStream(pathname)) return searchParams.get("token") ?? undefined;
  if (pathname !== "/ws") return undefined;
  const protocol = offeredProtocols(headers).find((name) => name.startsWith(TOKEN_PROTOCOL_PREFIX));
  return protocol?.slice(TOKEN_PROTOCOL_PREFIX.length);
}

/**
 * What a request presents to say who makes it: `X-API-Key: KEY`; `Authorization: Bearer` with a key or a token; on
 * `/ws` a token offered as the subprotocol `token.JWT`, on event streams one in the query, as `?token=JWT`.
 */
export function presentedCredentials(request: Request): Credentials {
  const { headers } = request;
  const bearer = /^Bearer +(\S+) *$/i.exec(headers.get("authorization") ?? "")?.[1];
  return { bearer, key: headers.get("x-api-key") ?? undefined, token: tokenBesideHeaders(request) };
}
