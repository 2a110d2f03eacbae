import { createRoute, z } from "@hono/zod-openapi";
import { admitConnection } from "./admit-connection.ts";
import type { HttpApp, HttpOptions, HttpPorts } from "./context.ts";
import { SUBPROTOCOL } from "./credentials.ts";
import { describeErrors, HttpRefusal } from "./errors.ts";
import { SECURITY } from "./security.ts";

const WEBSOCKET_VERSION = "13";
const WEBSOCKET_KEY = "^[A-Za-z0-9+/]{22}==$";

/** The pattern of a header that lists a token of lower-case letters, in any case: what `lists` looks for. */
function listing(token: string): string {
  const letters = [...token].map((letter) => `[${letter.toUpperCase()}${letter}]`);
  return `(?:^|,)[ \\t]*${letters.join("")}[ \\t]*(?:,|$)`;
}

// What RFC 6455, section 4.2.1, asks of a client. Only described here: each has an answer of its own below.
const headers = z.object({
  upgrade: z.string().openapi({ pattern: listing("websocket"), examples: ["websocket"] }),
  connection: z.string().openapi({ pattern: listing("upgrade"), examples: ["Upgrade"] }),
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
  path: "/ws",
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

function lists(header: string | undefined, token: string): boolean {
  return (header ?? "").split(",").some((part) => part.trim().toLowerCase() === token);
}

/** Adds `/ws`. Bun upgrades nearly anything, so all that RFC 6455 asks of a client is checked here. */
export function addUpgradeRoute(app: HttpApp, options: HttpOptions, ports: HttpPorts): void {
  app.openAPIRegistry.registerPath(upgradeRoute);
  app.get(upgradeRoute.getRoutingPath(), (c) => {
    const header = (name: string) => c.req.header(name);
    if (!lists(header("upgrade"), "websocket")) {
      throw new HttpRefusal("UPGRADE_REQUIRED", "this path speaks WebSocket", { Upgrade: "websocket" });
    }
    if (header("sec-websocket-version") !== WEBSOCKET_VERSION) {
      throw new HttpRefusal("UPGRADE_REQUIRED", "only WebSocket version 13 is spoken", {
        Upgrade: "websocket",
        "Sec-WebSocket-Version": WEBSOCKET_VERSION,
      });
    }
    if (!lists(header("connection"), "upgrade")) throw new HttpRefusal("BAD_REQUEST", "Connection must list Upgrade");
    if (!new RegExp(WEBSOCKET_KEY).test(header("sec-websocket-key") ?? "")) {
      throw new HttpRefusal("BAD_REQUEST", "Sec-WebSocket-Key must be 16 bytes in Base64");
    }
    admitConnection(c.req.header("origin"), options, ports);
    const protocol = lists(header("sec-websocket-protocol"), SUBPROTOCOL) ? SUBPROTOCOL : "";
    const upgraded = c.env.server.upgrade(c.req.raw, {
      data: { address: c.env.address, principal: c.var.principal, connection: undefined },
      // Said explicitly, even if empty: else Bun would agree to the first protocol that the client offers.
      headers: { "Sec-WebSocket-Protocol": protocol },
    });
    if (!upgraded) throw new HttpRefusal("BAD_REQUEST", "the WebSocket handshake failed");
    return new Response(null);
  });
}
