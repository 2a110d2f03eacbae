import { createRoute, z } from "@hono/zod-openapi";
import { refusesAdministration } from "../access/permissions.ts";
import type { HttpApp, HttpOptions, HttpPorts } from "./context.ts";
import { describeErrors, refuseIf } from "./errors.ts";
import { SECURITY } from "./security.ts";

const metricsRoute = createRoute({
  method: "get",
  path: "/metrics",
  tags: ["Observability"],
  summary: "Metrics for Prometheus",
  description: "In Prometheus' text format. With -metrics-auth=false no key is needed.",
  security: SECURITY,
  responses: {
    200: { description: "The metrics", content: { "text/plain": { schema: z.string() } } },
    ...describeErrors("UNAUTHORIZED", "FORBIDDEN", "RATE_LIMITED", "UNAVAILABLE"),
  },
});

/** Adds the route that Prometheus scrapes. */
export function addMetricsRoute(app: HttpApp, { metricsAuth }: HttpOptions, { metrics }: HttpPorts): void {
  app.openapi(metricsRoute, async (c) => {
    if (metricsAuth) refuseIf(refusesAdministration(c.var.principal));
    return c.text(await metrics.text(), 200, { "Content-Type": metrics.contentType });
  });
}
