import { createRoute, z } from "@hono/zod-openapi";
import type { HttpApp, HttpOptions, HttpPorts } from "./context.ts";

const liveSchema = z.object({ status: z.literal("live") }).openapi("Liveness");
const readySchema = z
  .object({
    status: z.enum(["ready", "draining", "full"]).openapi({
      description: "draining: shutting down; full: as many connections as are taken (-max-connections)",
    }),
  })
  .openapi("Readiness");

const readyContent = { "application/json": { schema: readySchema } };

const liveRoute = createRoute({
  method: "get",
  path: "/health/live",
  tags: ["Observability"],
  summary: "Whether the process answers (no authentication required)",
  description: "200 also while it shuts down: a restart would only lose what is being flushed.",
  responses: { 200: { description: "It does", content: { "application/json": { schema: liveSchema } } } },
});

const readyRoute = createRoute({
  method: "get",
  path: "/health/ready",
  tags: ["Observability"],
  summary: "Whether new connections are taken (no authentication required)",
  responses: {
    200: { description: "They are", content: readyContent },
    503: { description: "They are not: shutting down, or full", content: readyContent },
  },
});

/** Adds what orchestrators ask: whether to restart the process, and whether to send clients to it. */
export function addProbeRoutes(app: HttpApp, { maxConnections }: HttpOptions, ports: HttpPorts): void {
  app.openapi(liveRoute, (c) => c.json({ status: "live" as const }, 200));

  app.openapi(readyRoute, (c) => {
    if (ports.isDraining()) return c.json({ status: "draining" as const }, 503);
    if (ports.connections.count >= maxConnections) return c.json({ status: "full" as const }, 503);
    return c.json({ status: "ready" as const }, 200);
  });
}
