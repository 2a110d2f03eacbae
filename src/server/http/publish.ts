import { createRoute, z } from "@hono/zod-openapi";
import type { Published } from "../../core/hub.ts";
import { Refusal } from "../../protocol/errors.ts";
import {
  epochSchema,
  MAX_BATCH,
  newMessageSchema,
  newMessagesSchema,
  offsetSchema,
  topicNameSchema,
} from "../../protocol/messages.ts";
import { decodeNewMessages } from "../../protocol/new-messages.ts";
import { refusesPublish } from "../access/permissions.ts";
import { readJson } from "./body.ts";
import type { HttpApp, HttpOptions, HttpPorts } from "./context.ts";
import { describeErrors, HttpRefusal, refuseIf, valid } from "./errors.ts";
import { topicPath } from "./parameters.ts";
import { SECURITY } from "./security.ts";

const publishedSchema = z
  .object({
    topic: topicNameSchema,
    epoch: epochSchema,
    messages: z.array(
      z.object({
        id: z.string(),
        offset: offsetSchema,
        duplicate: z.literal(true).optional().openapi({ description: "With dedupe: the event was there already" }),
      }),
    ),
  })
  .openapi("Published");

// Which of the two a body is shows by whether it has `messages`; no other has a place beside that.
const bodySchema = z
  .union([
    newMessageSchema.meta({ not: { required: ["messages"] } }),
    z
      .object({ messages: newMessagesSchema.shape.messages })
      .meta({ not: { anyOf: [{ required: ["id"] }, { required: ["payload"] }] } }),
  ])
  .openapi("NewMessages");

const publishRoute = createRoute({
  method: "post",
  path: "/topics/{name}/messages",
  tags: ["Topics"],
  summary: "Publish a message, or several",
  description: `One message, or a list of up to ${MAX_BATCH} of which all are accepted or none.`,
  security: SECURITY,
  request: {
    params: topicPath,
    query: z.object({
      dedupe: z.enum(["true", "false"]).optional().openapi({
        description: "Whether a message whose id the topic still holds is answered with that one's offset",
      }),
    }),
    body: {
      required: true,
      content: {
        "application/json": {
          schema: bodySchema,
        },
      },
    },
  },
  responses: {
    200: {
      description: "All are published; in the order in which they came",
      content: { "application/json": { schema: publishedSchema } },
    },
    ...describeErrors(
      "BAD_REQUEST",
      "UNAUTHORIZED",
      "FORBIDDEN",
      "TOPIC_NOT_FOUND",
      "REQUEST_TIMEOUT",
      "PAYLOAD_TOO_LARGE",
      "RATE_LIMITED",
      "UNAVAILABLE",
    ),
  },
});

/** Adds the route by which a back end publishes without a WebSocket. */
export function addPublishRoute(app: HttpApp, options: HttpOptions, { hub, logger }: HttpPorts): void {
  const offsetsOf = async (published: readonly Published[]): Promise<readonly number[]> => {
    try {
      return await Promise.all(published.map(({ offset }) => offset));
    } catch (error) {
      logger.warn({ err: error }, "publish failed");
      throw new HttpRefusal("UNAVAILABLE", "the messages could not be stored");
    }
  };

  // Described like the others, but read and answered as text: a typed route would parse and encode the payloads.
  app.openAPIRegistry.registerPath(publishRoute);
  app.post(publishRoute.getRoutingPath(), async (c) => {
    const { name } = valid(topicPath, c.req.param());
    refuseIf(refusesPublish(c.var.principal, name));
    const dedupe = valid(publishRoute.request.query, c.req.query()).dedupe === "true";
    const messages = decodeNewMessages(await readJson(c.req.raw, options, hub.counters));
    if (messages instanceof Refusal) throw new HttpRefusal(messages.code, messages.message);
    const drafts = messages.map(({ idJson, payloadJson }) => ({
      idJson: idJson ?? `"${Bun.randomUUIDv7()}"`,
      payloadJson,
    }));
    logger.debug({ as: c.var.principal.name, topic: name, messages: drafts.length }, "publish");
    const batch = hub.publishAll(name, drafts, { dedupe });
    if (batch instanceof Refusal) throw new HttpRefusal(batch.code, batch.message);
    const { published, topic } = batch;
    const offsets = await offsetsOf(published);
    const entries = drafts.map(({ idJson }, i) => {
      const duplicate = published[i]?.duplicate ? ',"duplicate":true' : "";
      return `{"id":${idJson},"offset":${offsets[i]}${duplicate}}`;
    });
    const text = `{"topic":${topic.nameJson},"epoch":${JSON.stringify(topic.epoch)},"messages":[${entries.join()}]}`;
    return new Response(text, { headers: { "Content-Type": "application/json" } });
  });
}
