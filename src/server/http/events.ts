import { createRoute, z } from "@hono/zod-openapi";
import type { Context } from "hono";
import { parsePositions, STREAM_EVENT_NAMES } from "../../protocol/event-stream.ts";
import { MAX_STREAM_TOPICS } from "../../protocol/limits.ts";
import { clientIdSchema, type Position, topicNameSchema } from "../../protocol/messages.ts";
import { refusesClientId, refusesSubscribe } from "../access/permissions.ts";
import type { Admission } from "./admission.ts";
import type { HttpApp, HttpEnv, HttpOptions, HttpPorts } from "./context.ts";
import { describeErrors, refuseIf, valid } from "./errors.ts";
import { topicPath, wholeNumber } from "./parameters.ts";
import { STREAM_SECURITY } from "./security.ts";
import { answerWithStream } from "./streaming.ts";

// Subscribing by server-sent events, for browsers' `EventSource`, curl and whatever else reads HTTP.

/** A position where no topic ever stands: who presents something that is no id of the stream has missed all. */
const NOWHERE: Position = { epoch: "", offset: 0 };
const TOPICS_RULE = `must be 1 to ${MAX_STREAM_TOPICS} topics, each once`;
const topicsSchema = z
  .array(topicNameSchema)
  .min(1, { error: TOPICS_RULE })
  .max(MAX_STREAM_TOPICS, { error: TOPICS_RULE })
  .refine((names) => new Set(names).size === names.length, { error: TOPICS_RULE })
  .meta({ uniqueItems: true });

function streamQuery(maxLastN: number) {
  return z.object({
    last_n: wholeNumber(maxLastN),
    client_id: clientIdSchema.optional().openapi({ description: "Labels the subscriber; else a label is made" }),
    last_event_id: z
      .string()
      .optional()
      .openapi({ description: "Stands for the header Last-Event-ID, for a new EventSource, which can't send one" }),
    token: z.string().optional().openapi({ description: "A token of POST /tokens; never the API key" }),
  });
}

const headers = z.object({
  "last-event-id": z.string().optional().openapi({
    description: "The id of the last event that came; the stream goes on behind it. EventSource sends it.",
  }),
});

// OpenAPI 3.1 leaves open what a schema says of a stream; tools take it for that of each event.
const eventSchema = z
  .object({
    id: z.string().optional().openapi({ description: "What to present as Last-Event-ID to go on behind this event" }),
    event: z.enum(STREAM_EVENT_NAMES).optional().openapi({ description: "A topic's own events have none" }),
    data: z.string().meta({ description: "See /asyncapi.json", contentMediaType: "application/json" }),
  })
  .openapi("StreamEvent");

const DESCRIPTION = [
  "Each event's data is what a WebSocket would carry: a topic's events without a name, `ack` for each subscription,",
  "`gap` for what was lost or missed, `info`, `failure` before a slow consumer is cut off, and `close` at the end.",
  "Each `id` tells the position in every topic of the stream.",
].join(" ");

const responses = {
  200: { description: DESCRIPTION, content: { "text/event-stream": { schema: eventSchema } } },
  ...describeErrors("BAD_REQUEST", "UNAUTHORIZED", "FORBIDDEN", "TOPIC_NOT_FOUND", "RATE_LIMITED", "UNAVAILABLE"),
};

function topicRoute(maxLastN: number) {
  return createRoute({
    method: "get",
    path: "/topics/{name}/events",
    tags: ["Event streams"],
    summary: "Subscribe to a topic by server-sent events",
    security: STREAM_SECURITY,
    request: { params: topicPath, query: streamQuery(maxLastN), headers },
    responses,
  });
}

function topicsRoute(maxLastN: number) {
  return createRoute({
    method: "get",
    path: "/events",
    tags: ["Event streams"],
    summary: "Subscribe to several topics by server-sent events",
    security: STREAM_SECURITY,
    request: { query: streamQuery(maxLastN).extend({ topic: topicsSchema }), headers },
    responses,
  });
}

/** Where the client left off in each topic; undefined where it was never there. */
function leftOff(id: string | undefined, topicCount: number): readonly Position[] | undefined {
  if (id === undefined || id === "") return undefined;
  return parsePositions(id, topicCount) ?? Array<Position>(topicCount).fill(NOWHERE);
}

/** Adds the routes on which topics' events stream. */
export function addEventRoutes(app: HttpApp, options: HttpOptions, ports: HttpPorts, admission: Admission): void {
  const query = streamQuery(options.ringBufferSize);

  const stream = (c: Context<HttpEnv>, topics: readonly string[]): Promise<Response> => {
    const { principal } = c.var;
    for (const topic of topics) refuseIf(refusesSubscribe(principal, topic));
    const wish = valid(query, c.req.query());
    if (wish.client_id !== undefined) refuseIf(refusesClientId(principal, wish.client_id));
    return answerWithStream(c, admission, (outgoing, headers) => {
      const refusal = ports.eventStreams.open(
        { address: c.env.head.address, principal },
        {
          topics,
          clientId: wish.client_id ?? principal.clientId,
          lastN: wish.last_n ?? 0,
          since: leftOff(c.req.header("last-event-id") ?? wish.last_event_id, topics.length),
        },
        outgoing,
        headers,
      );
      refuseIf(refusal);
    });
  };

  // Described like the others, but answered as they come: a typed route knows only answers that have an end.
  const topicDescription = topicRoute(options.ringBufferSize);
  app.openAPIRegistry.registerPath(topicDescription);
  app.get(topicDescription.getRoutingPath(), (c) => stream(c, [valid(topicPath, c.req.param()).name]));
  const topicsDescription = topicsRoute(options.ringBufferSize);
  app.openAPIRegistry.registerPath(topicsDescription);
  app.get(topicsDescription.getRoutingPath(), (c) =>
    stream(c, valid(z.object({ topic: topicsSchema }), { topic: c.req.queries("topic") ?? [] }).topic),
  );
}
