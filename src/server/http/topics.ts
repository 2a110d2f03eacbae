import { createRoute, z } from "@hono/zod-openapi";
import type { Hub } from "../../core/hub.ts";
import type { Topic } from "../../core/topic.ts";
import { Refusal } from "../../protocol/errors.ts";
import { topicNameSchema } from "../../protocol/messages.ts";
import { refusesAdministration } from "../access/permissions.ts";
import type { HttpApp, HttpPorts } from "./context.ts";
import { describeErrors, HttpRefusal, refuseIf } from "./errors.ts";
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

const createTopicRoute = createRoute({
  method: "post",
  path: "/topics",
  tags: ["Topics"],
  summary: "Create a new topic",
  security: SECURITY,
  request: {
    body: {
      required: true,
      content: { "application/json": { schema: z.object({ name: topicNameSchema }).openapi("NewTopic") } },
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
  tags: ["Topics"],
  summary: "Delete a topic and disconnect all subscribers",
  description: "Connections that hold other subscriptions stay open.",
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
    refuseIf(refusesAdministration(c.var.principal));
    const { name } = c.req.valid("json");
    const topic = hub.createTopic(name);
    if (topic instanceof Refusal) throw new HttpRefusal(topic.code, topic.message);
    return c.json({ status: "created" as const, topic: name }, 201);
  });
  app.openapi(listTopicsRoute, (c) => {
    refuseIf(refusesAdministration(c.var.principal));
    return c.json({ topics: [...hub.topics()].map(describeTopic) }, 200);
  });
  app.openapi(deleteTopicRoute, (c) => {
    refuseIf(refusesAdministration(c.var.principal));
    const { name } = c.req.valid("param");
    refuseIf(hub.deleteTopic(name));
    return c.json({ status: "deleted" as const, topic: name }, 200);
  });
}
