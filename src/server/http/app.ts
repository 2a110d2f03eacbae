import { OpenAPIHono } from "@hono/zod-openapi";
import type { Context, MiddlewareHandler } from "hono";
import { cors } from "hono/cors";
import { HTTPException } from "hono/http-exception";
import { refusesAdministration } from "../access/permissions.ts";
import type { Admission } from "./admission.ts";
import { toResponse } from "./answer.ts";
import { readJson } from "./body.ts";
import { addClientRoutes } from "./clients.ts";
import { addConsoleRoutes } from "./console.ts";
import type { HttpApp, HttpEnv, HttpOptions, HttpPorts } from "./context.ts";
import { addDocsRoutes } from "./docs.ts";
import { explain, HttpRefusal, refuseIf } from "./errors.ts";
import { addEventRoutes } from "./events.ts";
import { addHistoryRoutes } from "./history.ts";
import { addMetricsRoute } from "./metrics.ts";
import { addProbeRoutes } from "./probes.ts";
import { addPublishRoute, type HttpPublisher } from "./publish.ts";
import type { Refusals } from "./refusals.ts";
import { describeSecurity } from "./security.ts";
import { addSessionRoutes } from "./sessions.ts";
import { addStatusRoutes } from "./status.ts";
import { addTokenRoute } from "./tokens.ts";
import { addTopicRoutes } from "./topics.ts";
import { addTraceRoute } from "./traces.ts";
import { addUpgradeRoute } from "./upgrade.ts";

type Guard = MiddlewareHandler<HttpEnv>;

/** Refuses what is not to be served at all: while shutting down, too often, or without the key. */
function admitted(admission: Admission): Guard {
  return async (c, next) => {
    const { head } = c.env;
    if (admission.isPublic(head.path)) return next();
    const principal = await admission.admit(head);
    if (principal instanceof HttpRefusal) throw principal;
    c.set("principal", principal);
    return next();
  };
}

/**
 * Reads the body of a request that manages something, before its route does: the route's own parser meets only what is
 * whole, small and well formed. Who may not manage anything is refused before that.
 */
function managingBody(options: HttpOptions, { hub }: HttpPorts): Guard {
  return async (c, next) => {
    if (c.req.method !== "POST") return next();
    refuseIf(refusesAdministration(c.var.principal));
    const body = await readJson(c.env.incoming, options, hub.counters);
    // It is JSON by now; the route's own parser knows fewer spellings of that.
    const headers = { "Content-Type": "application/json" };
    c.req.raw = new Request(c.req.raw.url, { method: "POST", headers, body });
    return next();
  };
}

/** Answers HEAD as GET, with the length of what GET would have brought (RFC 9110, section 9.3.2). */
const head: Guard = async (c, next) => {
  await next();
  if (c.req.method !== "HEAD" || c.res.body === null) return;
  const { length } = Buffer.from(await c.res.arrayBuffer());
  const { headers, status } = c.res;
  c.res = new Response(null, { status, headers: { ...Object.fromEntries(headers), "Content-Length": String(length) } });
};

/** Answers a known path that is asked for with another method. */
function addMethodNotAllowed(app: HttpApp): void {
  const methodsByPath = new Map<string, Set<string>>();
  for (const { method, path } of app.routes) {
    if (method === "ALL") continue;
    const methods = methodsByPath.get(path) ?? new Set();
    methodsByPath.set(path, methods.add(method));
  }
  for (const [path, methods] of methodsByPath) {
    const allow = [...methods].join(", ");
    app.all(path, () => {
      throw new HttpRefusal("METHOD_NOT_ALLOWED", `this path takes ${allow}`, { Allow: allow });
    });
  }
}

/** What the application shares with those who answer beside it. */
export interface AppParts {
  readonly admission: Admission;
  readonly publisher: HttpPublisher;
  readonly refusals: Refusals;
}

function addRoutes(
  app: HttpApp,
  options: HttpOptions,
  ports: HttpPorts,
  { admission, publisher }: Pick<AppParts, "admission" | "publisher">,
): void {
  addTopicRoutes(app, ports);
  addHistoryRoutes(app, options, ports);
  addTraceRoute(app, ports);
  addPublishRoute(app, publisher);
  addEventRoutes(app, options, ports, admission);
  addSessionRoutes(app, options, ports, admission);
  addTokenRoute(app, ports);
  addClientRoutes(app, ports);
  addStatusRoutes(app, ports);
  addProbeRoutes(app, options, ports);
  addMetricsRoute(app, options, ports);
  addUpgradeRoute(app);
  addDocsRoutes(app, options, ports);
  addConsoleRoutes(app, ports);
  describeSecurity(app);
  addMethodNotAllowed(app);
}

/** Makes the routes, with their guards, as one application. */
export function createApp(
  options: HttpOptions,
  ports: HttpPorts,
  { admission, publisher, refusals }: AppParts,
): HttpApp {
  const app: HttpApp = new OpenAPIHono<HttpEnv>({
    defaultHook: (result) => {
      if (!result.success) throw new HttpRefusal("BAD_REQUEST", explain(result.error));
    },
  });
  app.use(head);
  if (options.enableCors) {
    const allowed = (origin: string) => (origin !== "" && ports.allowsOrigin(origin) ? origin : null);
    const allowHeaders = ["Content-Type", "X-API-Key", "Authorization", "Last-Event-ID"];
    app.use(
      cors({
        origin: allowed,
        allowHeaders,
        allowMethods: ["GET", "POST", "DELETE"],
        exposeHeaders: ["Retry-After"],
        maxAge: 600,
      }),
    );
  }
  app.use(admitted(admission));
  app.use("/topics", managingBody(options, ports));
  app.use("/tokens", managingBody(options, ports));
  app.notFound(() => {
    throw new HttpRefusal("NOT_FOUND", "there is nothing at this path");
  });
  const refuse = (c: Context<HttpEnv>, refusal: HttpRefusal) =>
    toResponse(refusals.answer(c.env.head, refusal, c.var.principal));
  app.onError((error, c) => {
    if (error instanceof HTTPException && error.status < 500) {
      return refuse(c, new HttpRefusal("BAD_REQUEST", error.message));
    }
    return toResponse(refusals.answerError(c.env.head, error, c.var.principal));
  });
  addRoutes(app, options, ports, { admission, publisher });
  return app;
}
