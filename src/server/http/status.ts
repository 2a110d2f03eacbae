import { createRoute, z } from "@hono/zod-openapi";
import { ROLES } from "../../config/api-keys.ts";
import { formatDuration } from "../../config/duration.ts";
import { residentMemory } from "../resident-memory.ts";
import { queueTotals, topicTotals } from "../totals.ts";
import type { HttpApp, HttpPorts } from "./context.ts";
import { describeErrors } from "./errors.ts";
import { administration } from "./guards.ts";
import { SECURITY } from "./security.ts";
import { describeTopic, topicSchema } from "./topics.ts";

const count = (description: string) => z.int().min(0).openapi({ description });

const healthSchema = z
  .object({
    status: z.enum(["healthy", "draining"]).openapi({ description: "draining: shutting down, takes nothing new" }),
    uptime_sec: count("Seconds since the server began"),
    topics: count("Topics now"),
    subscribers: count("Subscriptions now, over all topics"),
    total_messages: count("Messages published since the server began"),
  })
  .openapi("Health");

const apiKeySchema = z
  .object({
    name: z.string().openapi({ description: "The key's name, never the key", example: "api-key" }),
    role: z.enum(ROLES),
    connections: count("Open WebSockets and event streams of its holders"),
    requests: count("Their requests since the server began, over HTTP and on WebSockets"),
  })
  .openapi("ApiKeyUsage");

const statsSchema = z
  .object({
    total_clients: count("Clients now: open WebSockets and event streams"),
    event_streams: count("Event streams among them"),
    http_sessions: count("Sessions by HTTP among them"),
    total_topics: count("Topics now"),
    total_messages: count("Messages published since the server began"),
    active_topics: count("Topics with at least one subscriber"),
    uptime: z.string().openapi({ description: "Time since the server began", example: "1h0m0s" }),
    topics: z.record(z.string(), topicSchema).openapi({ description: "Every topic by its name" }),
    delivered_messages: count("Messages queued for subscribers since the server began, replays included"),
    dropped_messages: count("Messages that clients lost because they did not keep up"),
    slow_consumers: count("Connections closed because they did not read"),
    sent_bytes: count("Bytes of messages handed to sockets"),
    queued_messages: count("Messages that wait now, over all clients"),
    queued_bytes: count("Bytes that wait now, over all clients"),
    longest_queue: count("Messages that wait now for the client with the most"),
    published_per_sec: z.number().min(0).openapi({ description: "Messages published a second, lately" }),
    delivered_per_sec: z.number().min(0).openapi({ description: "Messages delivered a second, lately" }),
    api_keys: z.array(apiKeySchema).openapi({ description: "The API keys that are in force" }),
    internal_errors: count("Faults of the server itself; each is in the log"),
    lingering_topics: count("Removed topics whose history can still be brought back (-history-linger)"),
    log_bytes: count("Memory of all topics' histories, and of what clients are still to be sent of them"),
    history_bytes: count("Memory of all topics' histories, lingering ones included"),
    max_history_bytes: count("The most bytes of all histories (-max-history-bytes)"),
    evicted_messages: count("Messages removed from histories because of that bound"),
    memory_bytes: count("Resident memory of the process; left out while the system does not tell it").optional(),
  })
  .openapi("Stats");

const healthResponse = { "application/json": { schema: healthSchema } };

const healthRoute = createRoute({
  method: "get",
  path: "/health",
  tags: ["Observability"],
  summary: "System health status (no authentication required)",
  responses: {
    200: { description: "The server takes connections", content: healthResponse },
    503: { description: "The server is shutting down", content: healthResponse },
  },
});

const statsRoute = createRoute({
  method: "get",
  path: "/stats",
  middleware: administration,
  tags: ["Observability"],
  summary: "Detailed system statistics and metrics",
  security: SECURITY,
  responses: {
    200: { description: "The statistics", content: { "application/json": { schema: statsSchema } } },
    ...describeErrors("UNAUTHORIZED", "FORBIDDEN", "RATE_LIMITED", "UNAVAILABLE"),
  },
});

function describeTopics(hub: HttpPorts["hub"]) {
  // Without a prototype: a topic may be called __proto__.
  const topics: Record<string, z.infer<typeof topicSchema>> = Object.create(null);
  for (const topic of hub.topics()) topics[topic.name] = describeTopic(topic);
  return topics;
}

/** Adds the routes that show how the server is. */
export function addStatusRoutes(app: HttpApp, ports: HttpPorts): void {
  const { clock, faults, hub, rates } = ports;
  const startedAtMs = clock.monotonicMs();
  const uptimeSeconds = () => Math.floor((clock.monotonicMs() - startedAtMs) / 1000);

  app.openapi(healthRoute, (c) => {
    const draining = ports.isDraining();
    const body = {
      status: draining ? ("draining" as const) : ("healthy" as const),
      uptime_sec: uptimeSeconds(),
      topics: hub.topicCount,
      subscribers: topicTotals(hub).subscriptions,
      total_messages: hub.counters.published,
    };
    return draining ? c.json(body, 503) : c.json(body, 200);
  });

  app.openapi(statsRoute, (c) => {
    const queues = queueTotals(hub);
    const perSecond = rates.perSecond();
    const memory = residentMemory();
    return c.json(
      {
        total_clients: ports.connections.count,
        event_streams: ports.connections.openOf("sse"),
        http_sessions: ports.connections.openOf("http"),
        total_topics: hub.topicCount,
        total_messages: hub.counters.published,
        active_topics: topicTotals(hub).active,
        uptime: formatDuration(uptimeSeconds() * 1000),
        topics: describeTopics(hub),
        delivered_messages: hub.counters.delivered,
        dropped_messages: hub.counters.dropped,
        slow_consumers: hub.counters.slowConsumers,
        sent_bytes: hub.counters.sentBytes,
        queued_messages: queues.messages,
        queued_bytes: queues.bytes,
        longest_queue: queues.longest,
        published_per_sec: perSecond.published,
        delivered_per_sec: perSecond.delivered,
        api_keys: ports.keys.holders.map(({ name, role, usage }) => ({ name, role, ...usage })),
        internal_errors: faults.count,
        lingering_topics: hub.lingeringCount,
        log_bytes: hub.logBytes(),
        history_bytes: hub.history.heldBytes,
        max_history_bytes: hub.history.maxBytes,
        evicted_messages: hub.history.evictedCount,
        ...(memory === undefined ? {} : { memory_bytes: memory }),
      },
      200,
    );
  });
}
