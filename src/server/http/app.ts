import { OpenAPIHono } from "@hono/zod-openapi";
import type { MiddlewareHandler } from "hono";
import { cors } from "hono/cors";
import { HTTPException } from "hono/http-exception";
import { type ErrorCode, Refusal } from "../../protocol/errors.ts";
import { readJson } from "./body.ts";
import { addClientRoutes } from "./clients.ts";
import { addConsoleRoutes, isConsolePath } from "./console.ts";
import type { HttpApp, HttpBindings, HttpEnv, HttpOptions, HttpPorts } from "./context.ts";
import { presentedCredentials } from "./credentials.ts";
import { addDocsRoutes, isDocsPath } from "./docs.ts";
import { errorResponse, explain, HttpRefusal } from "./errors.ts";
import { addEventRoutes } from "./events.ts";
import { addHistoryRoutes } from "./history.ts";
import { addMetricsRoute } from "./metrics.ts";
import { addProbeRoutes } from "./probes.ts";
import { addPublishRoute } from "./publish.ts";
import { describeSecurity } from "./security.ts";
import { addStatusRoutes } from "./status.ts";
import { addTokenRoute } from "./tokens.ts";
import { addTopicRoutes } from "./topics.ts";
import { addTraceRoute } from "./traces.ts";
import { addUpgradeRoute } from "./upgrade.ts";
import { withWriteDeadline } from "./write-deadline.ts";

/** Answers an HTTP request. */
export type Answer = (request: Request, bindings: HttpBindings) => Response | Promise<Response>;

type Guard = MiddlewareHandler<HttpEnv>;

const HEALTH_PATHS = ["/health", "/health/live", "/health/ready"];

/** Everybody may ask how the server is, read its documentation and load the console, at any rate and while it shuts down. */
function isPublic(path: string, { metricsAuth }: HttpOptions): boolean {
  if (HEALTH_PATHS.includes(path) || isDocsPath(path) || isConsolePath(path)) return true;
  return path === "/metrics" && !metricsAuth;
}

/**
 * Whether a request's Host is a host and perhaps a port, as it must be (RFC 9112, section 3.2). Its URL is put together
 * with it: any other text would make of that no URL, or one with another path.
 */
function hasHost({ headers, url }: Request): boolean {
  return /^[^\s/?#@\\]*$/.test(headers.get("host") ?? "") && URL.canParse(url);
}

/** Whether the percent-encoding of a path yields text: a router that can't decode it would take it as it stands. */
function isDecodable(url: string): boolean {
  try {
    decodeURIComponent(new URL(url).pathname);
    return true;
  } catch {
    return false;
  }
}

/** Refuses what is not to be served at all: while shutting down, too often, or without the key. */
function admission(options: HttpOptions, ports: HttpPorts): Guard {
  return async (c, next) => {
    if (!hasHost(c.req.raw)) throw new HttpRefusal("BAD_REQUEST", "the Host header is missing or malformed");
    if (isPublic(c.req.path, options)) return next();
    if (ports.isDraining()) {
      throw new HttpRefusal("UNAVAILABLE", "the server is shutting down");
    }
    const retrySeconds = ports.rateLimit.take(c.env.address);
    if (retrySeconds > 0) {
      throw new HttpRefusal("RATE_LIMITED", "too many requests", { "Retry-After": String(retrySeconds) });
    }
    const principal = await ports.authenticate(presentedCredentials(c.req.raw));
    if (principal instanceof Refusal) {
      const { code, message } = principal;
      throw new HttpRefusal(code, message, code === "UNAUTHORIZED" ? { "WWW-Authenticate": "Bearer" } : {});
    }
    principal.usage.requests++;
    c.set("principal", principal);
    if (!isDecodable(c.req.url)) throw new HttpRefusal("BAD_REQUEST", "the path's percent-encoding is not UTF-8");
    return next();
  };
}

/** Reads a body before its route does, so that the route's parser meets only what is whole, small and well formed. */
function jsonBody(options: HttpOptions, { hub }: HttpPorts): Guard {
  return async (c, next) => {
    if (c.req.method !== "POST") return next();
    const body = await readJson(c.req.raw, options, hub.counters);
    const headers = new Headers(c.req.raw.headers);
    // It is JSON by now; the route's own parser knows fewer spellings of that.
    headers.set("Content-Type", "application/json");
    c.req.raw = new Request(c.req.raw.url, { method: "POST", headers, body });
    return next();
  };
}

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

function addRoutes(app: HttpApp, options: HttpOptions, ports: HttpPorts): void {
  addTopicRoutes(app, ports);
  addHistoryRoutes(app, options, ports);
  addTraceRoute(app, ports);
  addPublishRoute(app, options, ports);
  addEventRoutes(app, options, ports);
  addTokenRoute(app, ports);
  addClientRoutes(app, ports);
  addStatusRoutes(app, ports);
  addProbeRoutes(app, options, ports);
  addMetricsRoute(app, options, ports);
  addUpgradeRoute(app, options, ports);
  addDocsRoutes(app, options, ports);
  addConsoleRoutes(app, ports);
  describeSecurity(app);
  addMethodNotAllowed(app);
}

/** Makes the routes, with their guards, as one application. */
export function createApp(options: HttpOptions, ports: HttpPorts): HttpApp {
  const app: HttpApp = new OpenAPIHono<HttpEnv>({
    defaultHook: (result) => {
      if (!result.success) throw new HttpRefusal("BAD_REQUEST", explain(result.error));
    },
  });
  if (options.enableCors) {
    const allowed = (origin: string) => (origin !== "" && ports.allowsOrigin(origin) ? origin : null);
    const allowHeaders = ["Content-Type", "X-API-Key", "Authorization", "Last-Event-ID"];
    app.use(cors({ origin: allowed, allowHeaders, allowMethods: ["GET", "POST", "DELETE"], maxAge: 600 }));
  }
  app.use(admission(options, ports));
  app.use("/topics", jsonBody(options, ports));
  app.use("/tokens", jsonBody(options, ports));
  app.notFound(() => {
    throw new HttpRefusal("NOT_FOUND", "there is nothing at this path");
  });
  // Every refusal comes by here, and is counted.
  const refuse = (address: string, code: ErrorCode, message: string, headers: Record<string, string> = {}) => {
    ports.hub.counters.errors[code]++;
    ports.journal.noteRefusal(code, message, { address });
    return errorResponse(code, message, headers);
  };
  app.onError((error, c) => {
    const { address } = c.env;
    if (error instanceof HttpRefusal) return refuse(address, error.code, error.message, error.headers);
    if (error instanceof HTTPException && error.status < 500) return refuse(address, "BAD_REQUEST", error.message);
    ports.faults.record(error, { method: c.req.method, path: c.req.path });
    return refuse(address, "INTERNAL", "internal error");
  });
  addRoutes(app, options, ports);
  return app;
}

/** Whether an answer has no end, so that other deadlines hold for it: those of sessions. */
function isEventStream(response: Response): boolean {
  return response.headers.get("content-type") === "text/event-stream";
}

/** Makes the HTTP side of the server. */
export function createHttp(options: HttpOptions, ports: HttpPorts): Answer {
  const app = createApp(options, ports);
  return async (request, bindings) => {
    const response = await app.fetch(request, bindings);
    return isEventStream(response) ? response : withWriteDeadline(response, options.writeTimeoutMs);
  };
}
