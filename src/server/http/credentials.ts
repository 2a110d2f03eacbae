import type { Credentials } from "../access/authenticator.ts";

/** The subprotocol that a client may ask for by name. */
export const SUBPROTOCOL = "ringcast.v1";
/** What goes before a token that is offered as a subprotocol: a browser's only way to send one with a WebSocket. */
const TOKEN_PROTOCOL_PREFIX = "token.";

/** The subprotocols that a request offers. */
function offeredProtocols(headers: Headers): string[] {
  return (headers.get("sec-websocket-protocol") ?? "").split(",").map((protocol) => protocol.trim());
}

/**
 * What a request presents to say who makes it: `X-API-Key: KEY`; `Authorization: Bearer` with a key or a token; on
 * `/ws` a token offered as the subprotocol `token.JWT`.
 */
export function presentedCredentials(request: Request): Credentials {
  const { headers } = request;
  const bearer = /^Bearer +(\S+) *$/i.exec(headers.get("authorization") ?? "")?.[1];
  const offered = new URL(request.url).pathname === "/ws" ? offeredProtocols(headers) : [];
  const protocol = offered.find((name) => name.startsWith(TOKEN_PROTOCOL_PREFIX));
  return {
    bearer,
    key: headers.get("x-api-key") ?? undefined,
    token: protocol?.slice(TOKEN_PROTOCOL_PREFIX.length),
  };
}
