import type { IncomingMessage } from "node:http";
import { createRoute, z } from "@hono/zod-openapi";
import { v7 as uuidv7 } from "uuid";
import { type Draft, draftOf } from "../../core/draft.ts";
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
import type { NewMessage } from "../../protocol/requests.ts";
import { refusesPublish } from "../access/permissions.ts";
import type { Principal } from "../access/principal.ts";
import { type Answer, toResponse } from "./answer.ts";
import { readJson } from "./body.ts";
import type { HttpApp, HttpOptions, HttpPorts } from "./context.ts";
import { describeErrors, HttpRefusal, refuseIf, valid } from "./errors.ts";
import { topicPath } from "./parameters.ts";
import type { RequestHead } from "./request-head.ts";
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

/** A message as a draft, with an id made for it (UUIDv7) where it has none. */
function withId(message: NewMessage): Draft {
  if (message.idEnd >= 0) return message;
  const { bytes, payloadEnd, payloadStart } = message;
  return draftOf(`"${uuidv7()}"`, bytes.toString("utf8", payloadStart, payloadEnd));
}

/** The path of the route, percent-encoded. A segment of dots would be one step in the path, to every URL parser. */
const PATH = /^\/topics\/([^/]+)\/messages$/;
const JSON_HEADERS = { "Content-Type": "application/json" };

/** Publishes what comes by HTTP. */
export class HttpPublisher {
  readonly #options: HttpOptions;
  readonly #ports: Pick<HttpPorts, "hub" | "logger">;

  constructor(options: HttpOptions, ports: Pick<HttpPorts, "hub" | "logger">) {
    this.#options = options;
    this.#ports = ports;
  }

  /** Whether a request is for this route, and needs nothing of what stands around routes. */
  takes({ headers, method, path }: RequestHead): boolean {
    return method === "POST" && headers.origin === undefined && PATH.test(path);
  }

  /**
   * Publishes the messages of a request's body.
   * @throws {HttpRefusal} where that is not allowed to the principal, or the request breaks a rule
   */
  async publish({ path, query }: RequestHead, incoming: IncomingMessage, principal: Principal): Promise<Answer> {
    const { hub, logger } = this.#ports;
    const { name } = valid(topicPath, { name: decodeURIComponent(PATH.exec(path)?.[1] ?? "") });
    refuseIf(refusesPublish(principal, name));
    const dedupe = valid(publishRoute.request.query, { dedupe: query.get("dedupe") ?? undefined }).dedupe === "true";
    const messages = decodeNewMessages(await readJson(incoming, this.#options, hub.counters));
    if (messages instanceof Refusal) throw new HttpRefusal(messages.code, messages.message);
    const drafts = messages.map(withId);
    if (logger.isLevelEnabled("debug")) {
      logger.debug({ as: principal.name, topic: name, messages: drafts.length }, "publish");
    }
    const batch = hub.publishAll(name, drafts, { dedupe });
    if (batch instanceof Refusal) throw new HttpRefusal(batch.code, batch.message);
    const { published, topic } = batch;
    const offsets = await this.#offsetsOf(published);
    const entries = drafts.map(({ bytes, idEnd, idStart }, i) => {
      const duplicate = published[i]?.duplicate ? ',"duplicate":true' : "";
      return `{"id":${bytes.toString("utf8", idStart, idEnd)},"offset":${offsets[i]}${duplicate}}`;
    });
    const text = `{"topic":${topic.nameJson},"epoch":${JSON.stringify(topic.epoch)},"messages":[${entries.join()}]}`;
    return { status: 200, headers: JSON_HEADERS, body: text };
  }

  async #offsetsOf(published: readonly Published[]): Promise<readonly number[]> {
    try {
      return await Promise.all(published.map(({ offset }) => offset));
    } catch (error) {
      this.#ports.logger.warn({ err: error }, "publish failed");
      throw new HttpRefusal("UNAVAILABLE", "the messages could not be stored");
    }
  }
}

/** Adds the route by which a back end publishes without a WebSocket. */
export function addPublishRoute(app: HttpApp, publisher: HttpPublisher): void {
  // Described like the others, but read and answered as text: a typed route would parse and encode the payloads.
  app.openAPIRegistry.registerPath(publishRoute);
  app.post(publishRoute.getRoutingPath(), async (c) =>
    toResponse(await publisher.publish(c.env.head, c.env.incoming, c.var.principal)),
  );
}
