import { createRoute, z } from "@hono/zod-openapi";
import { DURATION_PATTERN, formatDuration, MAX_DURATION_MS } from "../../config/duration.ts";
import { MAX_TOPIC_TTL_CHARS, parseTopicTtl, TOPIC_TTL_RULE } from "../../config/topic-ttl.ts";
import type { Hub } from "../../core/hub.ts";
import type { Topic } from "../../core/topic.ts";
import { Refusal } from "../../protocol/errors.ts";
import { topicNameSchema } from "../../protocol/messages.ts";
import type { HttpApp, HttpPorts } from "./context.ts";
import { describeErrors, HttpRefusal, refuseIf } from "./errors.ts";
import { administration } from "./guards.ts";
import { topicPath } from "./parameters.ts";
import { SECURITY } from "./security.ts";

export const topicSchema = z
  .object({
    name: topicNameSchema,
    created_at: z.string().openapi({ format: "date-time", example: "2025-01-15T10:00:00.000Z" }),
    message_count: z.int().min(0).openapi({ description: "Messages published to it since it began", example: 42 }),
    subscriber_count: z.int().min(0).openapi({ description: "Connections subscribed to it now", example: 3 }),
  })
  .openapi("Topic");

/** A topic as the REST API shows it. */
export function describeTopic(topic: Topic): z.infer<typeof topicSchema> {
  return {
    name: topic.name,
    created_at: topic.createdAt,
    message_count: topic.newestOffset,
    subscriber_count: topic.subscriberCount,
  };
}

/** The topic of this name; throws the refusal where there is none. */
export function findTopic(hub: Hub, name: string): Topic {
  const topic = hub.topic(name);
  if (topic === undefined) throw new HttpRefusal("NOT_FOUND", "there is no such topic");
  return topic;
}

const newTopicSchema = z
  .object({
    name: topicNameSchema,
    ttl: z
      .string()
      .refine((text) => parseTopicTtl(text) !== undefined, { error: TOPIC_TTL_RULE })
      .optional()
      .openapi({
        description:
          "How long the topic stays after its last subscriber has left: a duration up to 24h, or never, which keeps it until it is deleted. Default: -topic-ttl",
        example: "1h",
        anyOf: [
          { type: "string", enum: ["never"] },
          {
            type: "string",
            maxLength: MAX_TOPIC_TTL_CHARS,
            pattern: DURATION_PATTERN,
            "x-max-duration": formatDuration(MAX_DURATION_MS),
          },
        ],
      }),
  })
  .openapi("NewTopic");

const createTopicRoute = createRoute({
  method: "post",
  path: "/topics",
  middleware: administration,
  tags: ["Topics"],
  summary: "Create a new topic",
  description: "A topic that was removed with its last subscriber comes back with its history, for -history-linger.",
  security: SECURITY,
  request: {
    body: {
      required: true,
      content: { "application/json": { schema: newTopicSchema } },
    },
  },
  responses: {
    201: {
      description: "The topic is there now",
      content: { "application/json": { schema: z.object({ status: z.literal("created"), topic: topicNameSchema }) } },
    },
    ...describeErrors(
      "BAD_REQUEST",
      "UNAUTHORIZED",
      "FORBIDDEN",
      "REQUEST_TIMEOUT",
      "CONFLICT",
      "PAYLOAD_TOO_LARGE",
      "RATE_LIMITED",
      "UNAVAILABLE",
    ),
  },
});

const listTopicsRoute = createRoute({
  method: "get",
  path: "/topics",
  middleware: administration,
  tags: ["Topics"],
  summary: "List all topics with subscriber counts",
  security: SECURITY,
  responses: {
    200: {
      description: "All topics",
      content: { "application/json": { schema: z.object({ topics: z.array(topicSchema) }) } },
    },
    ...describeErrors("UNAUTHORIZED", "FORBIDDEN", "RATE_LIMITED", "UNAVAILABLE"),
  },
});

const deleteTopicRoute = createRoute({
  method: "delete",
  path: "/topics/{name}",
  middleware: administration,
  tags: ["Topics"],
  summary: "Delete a topic and disconnect all subscribers",
  description:
    "Connections that hold other subscriptions stay open. The history is deleted too, also that of a topic that was removed with its last subscriber.",
  security: SECURITY,
  request: { params: topicPath },
  responses: {
    200: {
      description: "The topic is gone",
      content: { "application/json": { schema: z.object({ status: z.literal("deleted"), topic: topicNameSchema }) } },
    },
    ...describeErrors("BAD_REQUEST", "UNAUTHORIZED", "FORBIDDEN", "NOT_FOUND", "RATE_LIMITED", "UNAVAILABLE"),
  },
});

/** Adds the routes that manage topics. */
export function addTopicRoutes(app: HttpApp, { hub }: HttpPorts): void {
  app.openapi(createTopicRoute, (c) => {
    const { name, ttl } = c.req.valid("json");
    const topic = hub.createTopic(name, ttl === undefined ? undefined : parseTopicTtl(ttl));
    if (topic instanceof Refusal) throw new HttpRefusal(topic.code, topic.message);
    return c.json({ status: "created" as const, topic: name }, 201);
  });
  app.openapi(listTopicsRoute, (c) => {
    return c.json({ topics: [...hub.topics()].map(describeTopic) }, 200);
  });
  app.openapi(deleteTopicRoute, (c) => {
    const { name } = c.req.valid("param");
    refuseIf(hub.deleteTopic(name));
    return c.json({ status: "deleted" as const, topic: name }, 200);
  });
}
