import { createRoute, z } from "@hono/zod-openapi";
import { DURATION_PATTERN, formatDuration, parseDuration } from "../../config/duration.ts";
import { clientIdSchema, newTopicPatternSchema } from "../../protocol/messages.ts";
import { MAX_PATTERNS } from "../access/tokens.ts";
import type { HttpApp, HttpPorts } from "./context.ts";
import { describeErrors, HttpRefusal } from "./errors.ts";
import { administration } from "./guards.ts";
import { SECURITY } from "./security.ts";

/**
 * The longest token that is issued. A browser presents it in one header line, `Sec-WebSocket-Protocol: ringcast.v1,
 * token.JWT`, and common proxies take lines of up to 8 KiB.
 */
export const MAX_ISSUED_TOKEN_CHARS = 8000;
const TOO_LARGE = `the token would be longer than ${MAX_ISSUED_TOKEN_CHARS} characters, too long for a request's header; list fewer topics, or patterns that end in *`;

const MIN_TTL_MS = 1000;
const MAX_TTL_MS = 24 * 3_600_000;
const MAX_TTL_CHARS = 64;
const TTL_RULE = "must be a duration such as 60s or 1h, from 1s to 24h";

function patterns(description: string) {
  return z
    .array(newTopicPatternSchema)
    .max(MAX_PATTERNS)
    .default([])
    .openapi({
      description: `${description}: topics' names, or beginnings of names with a * behind them; at most ${MAX_PATTERNS}`,
      example: ["orders", "chat/*"],
    });
}

const newTokenSchema = z
  .object({
    client_id: clientIdSchema,
    subscribe: patterns("What its holder may subscribe to, and see the history and subscribers of"),
    publish: patterns("What its holder may publish to"),
    ttl: z
      .string()
      .max(MAX_TTL_CHARS, { error: TTL_RULE })
      .default("1h")
      .openapi({
        description: "How long it is valid, from 1s to 24h",
        example: "60s",
        pattern: DURATION_PATTERN,
        "x-min-duration": formatDuration(MIN_TTL_MS),
        "x-max-duration": formatDuration(MAX_TTL_MS),
      }),
  })
  .openapi("NewToken");

const tokenSchema = z
  .object({
    token: z.string().openapi({ description: "A signed JSON Web Token" }),
    expires_at: z.string().openapi({ format: "date-time", example: "2025-01-15T10:01:00.000Z" }),
  })
  .openapi("Token");

const tokenRoute = createRoute({
  method: "post",
  path: "/tokens",
  middleware: administration,
  tags: ["Tokens"],
  summary: "Create a token that allows only what you list",
  description: `Needs an API key of the role admin: a token makes no tokens. Refused where the token would be longer than ${MAX_ISSUED_TOKEN_CHARS} characters.`,
  "x-max-token-chars": MAX_ISSUED_TOKEN_CHARS,
  security: SECURITY,
  request: { body: { required: true, content: { "application/json": { schema: newTokenSchema } } } },
  responses: {
    200: { description: "The token", content: { "application/json": { schema: tokenSchema } } },
    ...describeErrors(
      "BAD_REQUEST",
      "UNAUTHORIZED",
      "FORBIDDEN",
      "REQUEST_TIMEOUT",
      "PAYLOAD_TOO_LARGE",
      "RATE_LIMITED",
      "UNAVAILABLE",
    ),
  },
});

/** Adds the route that makes tokens. */
export function addTokenRoute(app: HttpApp, { tokens }: HttpPorts): void {
  app.openapi(tokenRoute, async (c) => {
    const { client_id: clientId, publish, subscribe, ttl } = c.req.valid("json");
    const ttlMs = parseDuration(ttl);
    if (ttlMs === undefined || ttlMs < MIN_TTL_MS || ttlMs > MAX_TTL_MS) {
      throw new HttpRefusal("BAD_REQUEST", `ttl: ${TTL_RULE}`);
    }
    const { expiresAtMs, token } = await tokens.issue({ clientId, publish, subscribe, ttlMs });
    if (token.length > MAX_ISSUED_TOKEN_CHARS) throw new HttpRefusal("BAD_REQUEST", TOO_LARGE);
    return c.json({ token, expires_at: new Date(expiresAtMs).toISOString() }, 200);
  });
}
