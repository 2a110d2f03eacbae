import type { IncomingMessage, ServerResponse } from "node:http";
import type { OpenAPIHono } from "@hono/zod-openapi";
import type { Clock } from "../../core/clock.ts";
import type { Hub } from "../../core/hub.ts";
import type { Authenticate, KeyRing } from "../access/authenticator.ts";
import type { Principal } from "../access/principal.ts";
import type { Tokens } from "../access/tokens.ts";
import type { Connections } from "../connections.ts";
import type { EventStreams } from "../event-streams.ts";
import type { FaultLog } from "../fault-log.ts";
import type { HttpSessions } from "../http-sessions.ts";
import type { Logger } from "../logger.ts";
import type { Metrics } from "../metrics/metrics.ts";
import type { AllowsOrigin } from "../origin.ts";
import type { RateLimit } from "../rate-limit.ts";
import type { Rates } from "../rates.ts";
import type { Journal } from "../system/journal.ts";
import type { RequestHead } from "./request-head.ts";

/** What comes with each request from the server that received it. */
export interface HttpBindings {
  readonly incoming: IncomingMessage;
  readonly outgoing: ServerResponse;
  readonly head: RequestHead;
}

/** The environment of every route: what came with the request, and who makes it. */
export interface HttpEnv {
  Bindings: HttpBindings;
  Variables: { principal: Principal };
}

export type HttpApp = OpenAPIHono<HttpEnv>;

/** The rules of the HTTP side; each is an option of the server. */
export interface HttpOptions {
  readonly maxMessageSize: number;
  readonly ringBufferSize: number;
  readonly readTimeoutMs: number;
  readonly writeTimeoutMs: number;
  readonly enableCors: boolean;
  /** The most connections of all transports, already worked out. */
  readonly maxConnections: number;
  readonly rateLimitPerMin: number;
  readonly rateLimitBurst: number;
  /** Whether the metrics need a key where one is set. */
  readonly metricsAuth: boolean;
}

/** What the routes work with. */
export interface HttpPorts {
  readonly hub: Hub;
  readonly clock: Clock;
  readonly faults: FaultLog;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly rates: Rates;
  readonly rateLimit: RateLimit;
  readonly authenticate: Authenticate;
  readonly keys: Pick<KeyRing, "holderOf" | "holders">;
  readonly tokens: Tokens;
  readonly allowsOrigin: AllowsOrigin;
  readonly eventStreams: EventStreams;
  readonly httpSessions: HttpSessions;
  readonly connections: Connections;
  readonly journal: Journal;
  /** Whether the server is shutting down and takes nothing new. */
  readonly isDraining: () => boolean;
  readonly version: string;
}
