import { createRoute, z } from "@hono/zod-openapi";
import { SESSION_EVENT_NAMES } from "../../protocol/event-stream.ts";
import type { Admission } from "./admission.ts";
import { readText } from "./body.ts";
import type { HttpApp, HttpOptions, HttpPorts } from "./context.ts";
import { describeErrors, refuseIf } from "./errors.ts";
import { SESSION_PATH } from "./paths.ts";
import { STREAM_SECURITY } from "./security.ts";
import { answerWithStream } from "./streaming.ts";

// What a WebSocket does, where none gets through: messages by an event stream, requests as bodies of POST.

const eventSchema = z
  .object({
    event: z.enum(SESSION_EVENT_NAMES).optional().openapi({ description: "Messages have none" }),
    data: z.string().meta({ description: "See /asyncapi.json", contentMediaType: "application/json" }),
  })
  .openapi("SessionEvent");

const openRoute = createRoute({
  method: "get",
  path: SESSION_PATH,
  tags: ["Sessions by HTTP"],
  summary: "Open a session in place of a WebSocket",
  description: "For clients whose WebSockets are blocked. The session ends with the stream.",
  security: STREAM_SECURITY,
  request: {
    query: z.object({
      token: z.string().optional().openapi({ description: "A token of POST /tokens; never the API key" }),
    }),
  },
  responses: {
    200: {
      description:
        "First `session`, with the id; then, without a name, what a WebSocket would carry; `close` at the end.",
      content: { "text/event-stream": { schema: eventSchema } },
    },
    ...describeErrors("UNAUTHORIZED", "FORBIDDEN", "RATE_LIMITED", "UNAVAILABLE"),
  },
});

const requestRoute = createRoute({
  method: "post",
  path: `${SESSION_PATH}/{id}`,
  tags: ["Sessions by HTTP"],
  summary: "Send requests of a session",
  description: "The id is all the credentials needed, and the rate limit does not count these.",
  request: {
    params: z.object({ id: z.string().openapi({ description: "Of the stream's first event" }) }),
    body: {
      content: {
        "text/plain": {
          schema: z.string().openapi({ description: "Requests as on a WebSocket, one a line, in any Content-Type" }),
        },
      },
    },
  },
  responses: {
    204: { description: "All are carried out, in order; their replies come on the stream" },
    ...describeErrors(
      "BAD_REQUEST",
      "NOT_FOUND",
      "REQUEST_TIMEOUT",
      "PAYLOAD_TOO_LARGE",
      "RATE_LIMITED",
      "UNAVAILABLE",
    ),
  },
});

/** Adds the routes of sessions by HTTP. */
export function addSessionRoutes(app: HttpApp, options: HttpOptions, ports: HttpPorts, admission: Admission): void {
  const { httpSessions } = ports;
  const limits = { maxMessageSize: httpSessions.maxBodyBytes, readTimeoutMs: options.readTimeoutMs };
  // Described like the others, but answered as they come: typed routes know no streams, and would parse the body.
  app.openAPIRegistry.registerPath(openRoute);
  app.get(openRoute.getRoutingPath(), (c) => {
    const peer = { address: c.env.head.address, principal: c.var.principal };
    return answerWithStream(c, admission, (outgoing, headers) => httpSessions.open(peer, outgoing, headers));
  });
  app.openAPIRegistry.registerPath(requestRoute);
  app.post(requestRoute.getRoutingPath(), async (c) => {
    const id = c.req.param("id");
    // Who knows no session is a stranger, and counts for the rate limit.
    if (!httpSessions.has(id)) throw admission.refuseStranger(c.env.head, "there is no such session");
    refuseIf(await httpSessions.receive(id, () => readText(c.env.incoming, limits)));
    return c.body(null, 204);
  });
}
