import { createRoute, z } from "@hono/zod-openapi";
import type { HttpApp } from "./context.ts";
import { SUBPROTOCOL } from "./credentials.ts";
import { describeErrors, HttpRefusal } from "./errors.ts";
import { WEBSOCKET_PATH } from "./paths.ts";
import { headerOf, type RequestHead } from "./request-head.ts";
import { SECURITY } from "./security.ts";

const WEBSOCKET_VERSION = "13";
const WEBSOCKET_KEY = "^[A-Za-z0-9+/]{22}==$";

/**
 * The pattern of a header that lists a token of lower-case letters, in any case.
 * @param end what may follow the token, before the comma or the end
 */
function listing(token: string, end: string): string {
  const letters = [...token].map((letter) => `[${letter.toUpperCase()}${letter}]`);
  return `(?:^|,)[ \\t]*${letters.join("")}${end}(?:,|$)`;
}

const UPGRADE = listing("websocket", "[ \\t]*");
/** The HTTP parser of Node.js does not recognize an upgrade where a tab follows the token. */
const CONNECTION = listing("upgrade", " *");

// What RFC 6455, section 4.2.1, asks of a client. Only described here: each has an answer of its own below.
const headers = z.object({
  upgrade: z.string().openapi({ pattern: UPGRADE, examples: ["websocket"] }),
  connection: z.string().openapi({ pattern: CONNECTION, examples: ["Upgrade"] }),
  "sec-websocket-version": z.literal(WEBSOCKET_VERSION),
  "sec-websocket-key": z
    .string()
    .openapi({ description: "16 bytes in Base64", pattern: WEBSOCKET_KEY, examples: ["AAAAAAAAAAAAAAAAAAAAAA=="] }),
  "sec-websocket-protocol": z
    .string()
    .optional()
    .openapi({
      description: `${SUBPROTOCOL}; a browser also presents a token here, as token.JWT`,
      examples: [SUBPROTOCOL],
    }),
});

const upgradeRoute = createRoute({
  method: "get",
  path: WEBSOCKET_PATH,
  tags: ["WebSocket"],
  summary: "Open a WebSocket",
  description: "The protocol spoken on it is described in /asyncapi.json.",
  security: SECURITY,
  request: { headers },
  responses: {
    101: { description: "The connection is a WebSocket now" },
    ...describeErrors("BAD_REQUEST", "UNAUTHORIZED", "FORBIDDEN", "UPGRADE_REQUIRED", "RATE_LIMITED", "UNAVAILABLE"),
  },
});

function fits(head: RequestHead, name: string, pattern: string): boolean {
  return new RegExp(pattern).test(headerOf(head, name) ?? "");
}

/**
 * Checks all that RFC 6455, section 4.2.1, asks of a client's request for a WebSocket.
 * @returns why it is none; undefined where it is one
 */
export function refusesHandshake(head: RequestHead): HttpRefusal | undefined {
  if (!fits(head, "upgrade", UPGRADE)) {
    return new HttpRefusal("UPGRADE_REQUIRED", "this path needs a WebSocket upgrade", { Upgrade: "websocket" });
  }
  if (headerOf(head, "sec-websocket-version") !== WEBSOCKET_VERSION) {
    return new HttpRefusal("UPGRADE_REQUIRED", "only WebSocket version 13 is supported", {
      Upgrade: "websocket",
      "Sec-WebSocket-Version": WEBSOCKET_VERSION,
    });
  }
  if (!fits(head, "connection", CONNECTION)) {
    return new HttpRefusal("BAD_REQUEST", "Connection must list Upgrade");
  }
  if (!fits(head, "sec-websocket-key", WEBSOCKET_KEY)) {
    return new HttpRefusal("BAD_REQUEST", "Sec-WebSocket-Key must be 16 bytes in Base64");
  }
  return undefined;
}

/** Adds `/ws` for requests that are no upgrade: those are taken before any route is looked for. */
export function addUpgradeRoute(app: HttpApp): void {
  app.openAPIRegistry.registerPath(upgradeRoute);
  app.get(upgradeRoute.getRoutingPath(), (c) => {
    throw refusesHandshake(c.env.head) ?? new HttpRefusal("BAD_REQUEST", "the WebSocket handshake failed");
  });
}
