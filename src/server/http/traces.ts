import { createRoute, z } from "@hono/zod-openapi";
import { DELIVERY_STATES, type Delivery, DROP_REASONS, MAX_LISTED_DELIVERIES } from "../../core/trace.ts";
import { TRANSPORT_KINDS } from "../../core/transport.ts";
import { eventParts } from "../../protocol/encode.ts";
import { epochSchema, offsetSchema, topicNameSchema } from "../../protocol/messages.ts";
import { stringValue } from "../../protocol/spans.ts";
import type { HttpApp, HttpPorts } from "./context.ts";
import { describeErrors, HttpRefusal } from "./errors.ts";
import { subscription } from "./guards.ts";
import { eventPath } from "./parameters.ts";
import { SECURITY } from "./security.ts";
import { findTopic } from "./topics.ts";

// A delivery as one entry: a client that gets an event twice has two, each with what became of it.

const time = z.string().openapi({ format: "date-time" });
const count = z.int().min(0);

const deliverySchema = z.object({
  client: z.int().min(1).openapi({ description: "The client's session, as the log numbers them" }),
  client_id: z.string().openapi({ description: "The label of its subscription at the time" }),
  transport: z.enum(TRANSPORT_KINDS),
  state: z.enum(DELIVERY_STATES),
  replayed: z.boolean().openapi({ description: "Whether it came by replay" }),
  queued_at: time,
  written_at: time.optional().openapi({ description: "When the client's socket was given it" }),
  dropped_at: time.optional(),
  reason: z.enum(DROP_REASONS).optional().openapi({ description: "Why it was dropped" }),
  delay_ms: z.number().min(0).optional().openapi({ description: "From queued_at to written_at or dropped_at" }),
});

const traceSchema = z
  .object({
    topic: topicNameSchema,
    epoch: epochSchema,
    offset: offsetSchema,
    id: z.string(),
    ts: time,
    totals: z
      .object({ queued: count, written: count, dropped: count, replayed: count })
      .openapi({ description: "Of all deliveries; the replayed ones are in one of the others too" }),
    deliveries: z
      .array(deliverySchema)
      .max(MAX_LISTED_DELIVERIES)
      .openapi({ description: `The first ${MAX_LISTED_DELIVERIES}; a client that got it again stands here again` }),
  })
  .openapi("Trace");

const traceRoute = createRoute({
  method: "get",
  path: "/topics/{name}/messages/{offset}/trace",
  middleware: subscription,
  tags: ["Observability"],
  summary: "What became of a message that a topic holds, client by client",
  description: "Only with -trace. Else, and where the topic does not hold the message, the answer is 404.",
  security: SECURITY,
  request: { params: eventPath },
  responses: {
    200: { description: "The trace", content: { "application/json": { schema: traceSchema } } },
    ...describeErrors("BAD_REQUEST", "UNAUTHORIZED", "FORBIDDEN", "NOT_FOUND", "RATE_LIMITED", "UNAVAILABLE"),
  },
});

function timestamp(ms: number): string {
  return new Date(ms).toISOString();
}

/** How a delivery ended, if it has. */
function describeOutcome({ queuedAtMs, reason, settledAtMs, state }: Delivery) {
  if (settledAtMs === undefined) return {};
  const at = timestamp(settledAtMs);
  // To the microsecond; clocks say no more.
  const delay = { delay_ms: Math.round((settledAtMs - queuedAtMs) * 1000) / 1000 };
  return state === "written" ? { written_at: at, ...delay } : { dropped_at: at, reason, ...delay };
}

function describeDelivery(delivery: Delivery): z.infer<typeof deliverySchema> {
  const { isReplayed, queuedAtMs, state } = delivery;
  const { client, clientId, transport } = delivery.recipient;
  return {
    client,
    client_id: clientId,
    transport,
    state,
    replayed: isReplayed,
    queued_at: timestamp(queuedAtMs),
    ...describeOutcome(delivery),
  };
}

/** Adds the route that tells what became of a message. */
export function addTraceRoute(app: HttpApp, { hub }: HttpPorts): void {
  app.openapi(traceRoute, (c) => {
    const { name, offset } = c.req.valid("param");
    if (!hub.keepsTraces) {
      throw new HttpRefusal("NOT_FOUND", "traces are not kept; start the server with -trace");
    }
    const topic = findTopic(hub, name);
    const event = topic.event(offset);
    const trace = topic.trace(offset);
    if (event === undefined || trace === undefined)
      throw new HttpRefusal("NOT_FOUND", "the topic holds no message with this offset, or no longer");
    const { idJson, ts } = eventParts(event);
    const id = stringValue(idJson) ?? idJson;
    const deliveries = trace.deliveries.map(describeDelivery);
    return c.json({ topic: name, epoch: topic.epoch, offset, id, ts, totals: trace.totals, deliveries }, 200);
  });
}
