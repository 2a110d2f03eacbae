import { z } from "@hono/zod-openapi";
import { ERRORS, type ErrorCode, type Refusal } from "../../protocol/errors.ts";
import { errorBodySchema } from "../../protocol/messages.ts";
import type { Answer } from "./answer.ts";

/** The one body of all HTTP errors; the same object as in a WebSocket error. */
const errorResponseSchema = z.object({ error: errorBodySchema }).openapi("Error");

/** How long a client that met a limit or a shutdown should wait, each a little differently: connections come and go. */
const MIN_UNAVAILABLE_MS = 1000;
const MAX_UNAVAILABLE_MS = 5000;

/**
 * An HTTP answer that refuses.
 * @param status another one than the code's own
 */
export function errorAnswer(
  code: ErrorCode,
  message: string,
  headers: Record<string, string> = {},
  status: number = ERRORS[code].httpStatus,
): Answer {
  return {
    status,
    headers: { "Content-Type": "application/json", ...headers },
    body: JSON.stringify({ error: { code, message } }),
  };
}

/** Ends a route's work where there is a refusal. */
export function refuseIf(refusal: Refusal | undefined, headers: Record<string, string> = {}): void {
  if (refusal !== undefined) throw new HttpRefusal(refusal.code, refusal.message, headers);
}

function defaultRetryMs(code: ErrorCode): number | undefined {
  if (ERRORS[code].httpStatus !== 503) return undefined;
  return MIN_UNAVAILABLE_MS + Math.floor(Math.random() * (MAX_UNAVAILABLE_MS - MIN_UNAVAILABLE_MS));
}

/** Thrown by a route to refuse its request; the application turns it into the answer. */
export class HttpRefusal extends Error {
  readonly code: ErrorCode;
  readonly headers: Record<string, string>;
  /** The page's origin, where that is why; for the log. */
  readonly origin: string | undefined;
  /** When to try again, in ms; undefined where that is no use. `headers` have it, too. */
  readonly retryMs: number | undefined;

  constructor(
    code: ErrorCode,
    message: string,
    headers: Record<string, string> = {},
    { origin, retryMs = defaultRetryMs(code) }: { readonly origin?: string; readonly retryMs?: number } = {},
  ) {
    super(message);
    this.code = code;
    this.headers = retryMs === undefined ? headers : { "Retry-After": String(Math.ceil(retryMs / 1000)), ...headers };
    this.origin = origin;
    this.retryMs = retryMs;
  }
}

/** Words the first thing wrong with a request: "name: must be …". */
export function explain(error: z.core.$ZodError): string {
  const issue = error.issues[0];
  const where = issue?.path.join(".") ?? "";
  return `${where === "" ? "" : `${where}: `}${issue?.message ?? "invalid request"}`;
}

/** What a schema makes of a part of a request; throws the refusal where it does not fit. */
export function valid<T extends z.ZodType>(schema: T, part: unknown): z.output<T> {
  const result = schema.safeParse(part);
  if (!result.success) throw new HttpRefusal("BAD_REQUEST", explain(result.error));
  return result.data;
}

const DESCRIPTIONS: Partial<Record<ErrorCode, string>> = {
  BAD_REQUEST: "The request is malformed or breaks a rule",
  UNAUTHORIZED: "The API key or token is missing or wrong, or the token has expired",
  FORBIDDEN: "The key or token does not allow this, or the page's origin may not connect",
  NOT_FOUND: "There is no such topic",
  TOPIC_NOT_FOUND: "There is no such topic, and it is not created (-auto-create-topics=false)",
  REQUEST_TIMEOUT: "The body did not arrive in time",
  CONFLICT: "The topic already exists",
  PAYLOAD_TOO_LARGE: "The body is larger than -max-message-size",
  UPGRADE_REQUIRED: "The request is no WebSocket upgrade of version 13",
  RATE_LIMITED: "Too many requests from this address; see Retry-After",
  UNAVAILABLE:
    "A limit is reached, the keys for a token are out of reach, or the server is shutting down; see Retry-After",
};

const retryAfter = z.object({
  "Retry-After": z.string().openapi({ description: "After how many seconds to try again", pattern: "^[0-9]+$" }),
});
const HEADERS: Partial<Record<ErrorCode, z.ZodObject>> = {
  UNAUTHORIZED: z.object({ "WWW-Authenticate": z.string().openapi({ description: "Bearer" }) }),
  UPGRADE_REQUIRED: z.object({ Upgrade: z.string().openapi({ description: "websocket" }) }),
  RATE_LIMITED: retryAfter,
  UNAVAILABLE: retryAfter,
};

/** Describes error answers for a route of the OpenAPI document. */
export function describeErrors(...codes: readonly ErrorCode[]) {
  return Object.fromEntries(
    codes.map((code) => [
      ERRORS[code].httpStatus,
      {
        description: DESCRIPTIONS[code] ?? code,
        ...(HEADERS[code] === undefined ? {} : { headers: HEADERS[code] }),
        content: { "application/json": { schema: errorResponseSchema } },
      },
    ]),
  );
}
