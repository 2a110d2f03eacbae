import type { IncomingMessage } from "node:http";
import { createRoute, z } from "@hono/zod-openapi";
import { v7 as uuidv7 } from "uuid";
import { type Draft, draftOf } from "../../core/draft.ts";
import type { Published } from "../../core/hub.ts";
import type { Topic } from "../../core/topic.ts";
import { Refusal } from "../../protocol/errors.ts";
import { isTopicName } from "../../protocol/limits.ts";
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

/** The topic that a path names. The schema, which is slow, only words the refusal. */
function topicOf(path: string): string {
  const encoded = PATH.exec(path)?.[1] ?? "";
  const name = encoded.includes("%") ? decodeURIComponent(encoded) : encoded;
  return isTopicName(name) ? name : valid(topicPath, { name }).name;
}

function isDedupeWished(query: URLSearchParams): boolean {
  const dedupe = query.get("dedupe");
  return dedupe !== null && valid(publishRoute.request.query, { dedupe }).dedupe === "true";
}

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
   * Publishes the messages of a request's body; answers at once where nothing has to be waited for.
   * @throws {HttpRefusal} where that is not allowed to the principal, or the request breaks a rule
   */
  publish({ path, query }: RequestHead, incoming: IncomingMessage, principal: Principal): Answer | Promise<Answer> {
    const name = topicOf(path);
    refuseIf(refusesPublish(principal, name));
    const dedupe = isDedupeWished(query);
    const body = readJson(incoming, this.#options, this.#ports.hub.counters);
    if (body instanceof Promise) return body.then((arrived) => this.#publishBody(name, arrived, dedupe, principal));
    return this.#publishBody(name, body, dedupe, principal);
  }

  #publishBody(name: string, body: Buffer, dedupe: boolean, principal: Principal): Answer | Promise<Answer> {
    const { hub, logger } = this.#ports;
    const messages = decodeNewMessages(body);
    if (messages instanceof Refusal) throw new HttpRefusal(messages.code, messages.message);
    const drafts = messages.map(withId);
    if (logger.isLevelEnabled("debug")) {
      logger.debug({ as: principal.name, topic: name, messages: drafts.length }, "publish");
    }
    const batch = hub.publishAll(name, drafts, { dedupe });
    if (batch instanceof Refusal) throw new HttpRefusal(batch.code, batch.message);
    const { published, topic } = batch;
    const offsets = published.map(({ offset }) => offset);
    if (offsets.every((offset) => typeof offset === "number"))
      return publishedAnswer(topic, drafts, published, offsets);
    return this.#settled(offsets).then((settled) => publishedAnswer(topic, drafts, published, settled));
  }

  async #settled(offsets: readonly (number | Promise<number>)[]): Promise<readonly number[]> {
    try {
      return await Promise.all(offsets);
    } catch (error) {
      this.#ports.logger.warn({ err: error }, "publish failed");
      throw new HttpRefusal("UNAVAILABLE", "the messages could not be stored");
    }
  }
}

function publishedAnswer(
  { epoch, nameJson }: Topic,
  drafts: readonly Draft[],
  published: readonly Published[],
  offsets: readonly number[],
): Answer {
  const entries = drafts.map(({ bytes, idEnd, idStart }, i) => {
    const duplicate = published[i]?.duplicate ? ',"duplicate":true' : "";
    return `{"id":${bytes.toString("utf8", idStart, idEnd)},"offset":${offsets[i]}${duplicate}}`;
  });
  const text = `{"topic":${nameJson},"epoch":${JSON.stringify(epoch)},"messages":[${entries.join()}]}`;
  return { status: 200, headers: JSON_HEADERS, body: text };
}

/** Adds the route by which a back end publishes without a WebSocket. */
export function addPublishRoute(app: HttpApp, publisher: HttpPublisher): void {
  // Described like the others, but read and answered as text: a typed route would parse and encode the payloads.
  app.openAPIRegistry.registerPath(publishRoute);
  app.post(publishRoute.getRoutingPath(), async (c) =>
    toResponse(await publisher.publish(c.env.head, c.env.incoming, c.var.principal)),
  );
}
