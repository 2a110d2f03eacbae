import { createRoute, z } from "@hono/zod-openapi";
import { formatTopicTtl } from "../../config/topic-ttl.ts";
import { textsOf } from "../../core/log.ts";
import { TRANSPORT_KINDS } from "../../core/transport.ts";
import { encodeHistoryEntry } from "../../protocol/encode.ts";
import { epochSchema, offsetSchema, topicNameSchema } from "../../protocol/messages.ts";
import { refusesSubscribe } from "../access/permissions.ts";
import type { HttpApp, HttpOptions, HttpPorts } from "./context.ts";
import { describeErrors, refuseIf, valid } from "./errors.ts";
import { subscription } from "./guards.ts";
import { topicPath, wholeNumber } from "./parameters.ts";
import { SECURITY } from "./security.ts";
import { describeTopic, findTopic, topicSchema } from "./topics.ts";

// What a topic's subscribers may see of it besides its events: how it stands, what it holds, who else listens.

const errors = describeErrors("BAD_REQUEST", "UNAUTHORIZED", "FORBIDDEN", "NOT_FOUND", "RATE_LIMITED", "UNAVAILABLE");

const detailsSchema = topicSchema
  .extend({
    epoch: epochSchema,
    newest_offset: offsetSchema.meta({ description: "The newest event's offset; 0 if there was none" }),
    oldest_offset: offsetSchema.meta({ description: "The oldest event's that is still held; 0 if none is" }),
    ttl: z.string().openapi({
      description: "How long it stays after its last subscriber has left: a duration, or never",
      example: "1h0m0s",
    }),
  })
  .openapi("TopicDetails");

const historySchema = z
  .object({
    topic: topicNameSchema,
    epoch: epochSchema,
    recovered: z.boolean().optional().openapi({ description: "With epoch and offset: whether nothing was missed" }),
    messages: z.array(
      z.object({
        offset: offsetSchema,
        id: z.string(),
        payload: z.unknown().openapi({ description: "The publisher's JSON text, byte for byte" }),
        ts: z.string().openapi({ format: "date-time" }),
      }),
    ),
  })
  .openapi("History");

const subscribersSchema = z
  .object({
    topic: topicNameSchema,
    subscribers: z.array(
      z.object({
        client_id: z.string(),
        since: z.string().openapi({ format: "date-time", description: "When the subscription began" }),
        transport: z.enum(TRANSPORT_KINDS),
        queue_depth: z.int().min(0).openapi({ description: "Messages that wait because it does not keep up" }),
        dropped: z.int().min(0).openapi({ description: "Events that its connection lost for the same reason" }),
      }),
    ),
  })
  .openapi("Subscribers");

const detailsRoute = createRoute({
  method: "get",
  path: "/topics/{name}",
  middleware: subscription,
  tags: ["Topics"],
  summary: "A topic, with its epoch and offsets",
  security: SECURITY,
  request: { params: topicPath },
  responses: {
    200: { description: "The topic", content: { "application/json": { schema: detailsSchema } } },
    ...errors,
  },
});

function historyRoute(maxLastN: number) {
  return createRoute({
    method: "get",
    path: "/topics/{name}/messages",
    tags: ["Topics"],
    summary: "The messages that a topic holds",
    description: "The last last_n; or those after an offset of an epoch; or, with neither, all.",
    // What parameters have to do with each other, OpenAPI itself can't say: in the words of IDL4OAS.
    "x-dependencies": ["AllOrNone(epoch, offset);", "ZeroOrOne(epoch, last_n);"],
    security: SECURITY,
    request: {
      params: topicPath,
      query: z
        .object({
          last_n: wholeNumber(maxLastN),
          epoch: epochSchema.optional(),
          offset: wholeNumber(Number.MAX_SAFE_INTEGER),
        })
        .refine((query) => (query.epoch === undefined) === (query.offset === undefined), {
          error: "epoch and offset belong together",
        })
        .refine((query) => query.epoch === undefined || query.last_n === undefined, {
          error: "last_n and epoch exclude each other",
        }),
    },
    responses: {
      200: { description: "The messages, oldest first", content: { "application/json": { schema: historySchema } } },
      ...errors,
    },
  });
}

const subscribersRoute = createRoute({
  method: "get",
  path: "/topics/{name}/subscribers",
  middleware: subscription,
  tags: ["Topics"],
  summary: "Who is subscribed to a topic",
  security: SECURITY,
  request: { params: topicPath },
  responses: {
    200: { description: "The subscribers", content: { "application/json": { schema: subscribersSchema } } },
    ...errors,
  },
});

/** Adds the routes that show one topic to those who may subscribe to it. */
export function addHistoryRoutes(app: HttpApp, { ringBufferSize }: HttpOptions, { hub }: HttpPorts): void {
  app.openapi(detailsRoute, (c) => {
    const { name } = c.req.valid("param");
    const topic = findTopic(hub, name);
    const { epoch, newestOffset, oldestOffset } = topic;
    const ttl = formatTopicTtl(hub.ttlOf(topic));
    const offsets = { newest_offset: newestOffset, oldest_offset: oldestOffset };
    return c.json({ ...describeTopic(topic), epoch, ...offsets, ttl }, 200);
  });

  const history = historyRoute(ringBufferSize);
  // Described like the others, but answered with text: a typed route would encode the answer itself.
  app.openAPIRegistry.registerPath(history);
  app.get(history.getRoutingPath(), (c) => {
    const name = valid(topicPath, c.req.param()).name;
    refuseIf(refusesSubscribe(c.var.principal, name));
    const topic = findTopic(hub, name);
    const { epoch, last_n: lastN, offset } = valid(history.request.query, c.req.query());
    const since = epoch === undefined || offset === undefined ? undefined : { epoch, offset };
    const { range, recovered } = topic.replay(lastN ?? Number.MAX_SAFE_INTEGER, since);
    // Put together as text: a library would parse the payloads, and lose what JavaScript's numbers can't hold.
    const entries = (range === undefined ? [] : textsOf(range)).map(encodeHistoryEntry).join(",");
    const recovery = recovered === undefined ? "" : `"recovered":${recovered},`;
    const text = `{"topic":${topic.nameJson},"epoch":${JSON.stringify(topic.epoch)},${recovery}"messages":[${entries}]}`;
    return new Response(text, { headers: { "Content-Type": "application/json" } });
  });

  app.openapi(subscribersRoute, (c) => {
    const { name } = c.req.valid("param");
    const topic = findTopic(hub, name);
    const subscribers = topic.subscriptions().map(({ clientId, session, subscribedAt }) => ({
      client_id: clientId,
      since: subscribedAt,
      transport: session.transportKind,
      queue_depth: session.queueDepth,
      dropped: session.droppedCount,
    }));
    return c.json({ topic: name, subscribers }, 200);
  });
}
