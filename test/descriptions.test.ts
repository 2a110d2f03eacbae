import asyncApiSpecs from "@asyncapi/specs";
import { Validator } from "@seriousme/openapi-schema-validator";
import Ajv from "ajv";
import Ajv2020 from "ajv/dist/2020.js";
import pino from "pino";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { z } from "zod";
import { Timestamps } from "../src/core/clock.ts";
import { Hub } from "../src/core/hub.ts";
import { MemoryEngine } from "../src/engine/memory.ts";
import { createDecoder } from "../src/protocol/decode.ts";
import { ANYBODY } from "../src/server/access/principal.ts";
import { signingSecret, Tokens } from "../src/server/access/tokens.ts";
import { Connections } from "../src/server/connections.ts";
import { Dispatcher } from "../src/server/dispatch.ts";
import { EventStreams } from "../src/server/event-streams.ts";
import { FaultLog } from "../src/server/fault-log.ts";
import { Admission } from "../src/server/http/admission.ts";
import { createApp } from "../src/server/http/app.ts";
import type { HttpApp, HttpPorts } from "../src/server/http/context.ts";
import { HttpPublisher } from "../src/server/http/publish.ts";
import { Refusals } from "../src/server/http/refusals.ts";
import { HttpSessions } from "../src/server/http-sessions.ts";
import { Metrics } from "../src/server/metrics/metrics.ts";
import { Samples } from "../src/server/metrics/samples.ts";
import { RateLimit } from "../src/server/rate-limit.ts";
import { Rates } from "../src/server/rates.ts";
import { RefusalLog } from "../src/server/refusal-log.ts";
import { Streams } from "../src/server/streams.ts";
import { Journal } from "../src/server/system/journal.ts";
import { TestClient } from "./support/client.ts";
import { FakeClock } from "./support/fake-clock.ts";
import { ServerProcess } from "./support/server-process.ts";
import { StreamClient } from "./support/stream-client.ts";

vi.setConfig({ testTimeout: 30_000, hookTimeout: 30_000 });

const REQUEST_TYPES = ["ping", "publish", "refresh", "subscribe", "unsubscribe"];
const ANSWER_TYPES = ["ack", "error", "event", "info", "pong"];

const openApiSchema = z.looseObject({
  openapi: z.string(),
  paths: z.record(z.string(), z.record(z.string(), z.looseObject({ security: z.array(z.unknown()).optional() }))),
  components: z.looseObject({ securitySchemes: z.record(z.string(), z.looseObject({})) }),
});
const asyncApiSchema = z.looseObject({
  channels: z.looseObject({ ws: z.looseObject({ address: z.string(), messages: z.record(z.string(), z.unknown()) }) }),
  operations: z.record(
    z.string(),
    z.looseObject({
      action: z.string(),
      channel: z.object({ $ref: z.string() }),
      messages: z.array(z.object({ $ref: z.string() })),
    }),
  ),
  components: z.looseObject({ messages: z.record(z.string(), z.looseObject({ payload: z.looseObject({}) })) }),
});

let server: ServerProcess;
beforeAll(async () => {
  // With a key, which none of these pages needs, and with a ring of its own size.
  server = await ServerProcess.start(["-api-key=description-key", "-ring-buffer-size=7"]);
}, 20_000);
afterAll(async () => {
  await server[Symbol.asyncDispose]();
});

async function getText(path: string): Promise<string> {
  const answer = await server.fetch(path);
  expect({ path, status: answer.status }).toEqual({ path, status: 200 });
  return answer.text();
}

describe("/swagger/", () => {
  test("is a page whose every asset comes from the server itself", async () => {
    const page = await getText("/swagger/");
    const references = [...page.matchAll(/\b(?:href|src)="([^"]*)"/g)].map(([, reference = ""]) => reference);
    const assets = references.filter((reference) => !reference.startsWith("data:"));
    expect(assets.sort()).toEqual(["start.js", "swagger-ui-bundle.js", "swagger-ui.css"]);
    for (const asset of assets) {
      const answer = await server.fetch(`/swagger/${asset}`);
      expect({ asset, status: answer.status }).toEqual({ asset, status: 200 });
      const type = asset.endsWith(".css") ? /^text\/css/ : /^text\/javascript/;
      expect(answer.headers.get("content-type")).toMatch(type);
      expect((await answer.arrayBuffer()).byteLength).toBeGreaterThan(50);
    }
  });

  test("names no address elsewhere, in the page, its start script or its styles, and forbids the browser any", async () => {
    const answer = await server.fetch("/swagger/");
    const start = await getText("/swagger/start.js");
    for (const text of [await answer.text(), start]) expect(text).not.toMatch(/\b(?:https?|wss?):|["'(]\/\//);
    expect(await getText("/swagger/swagger-ui.css")).not.toMatch(/@import|url\(["']?(?:https?:|\/\/)/);
    // The document that the script loads is relative to the page.
    expect(start).toContain('url: "doc.json"');
    const policy = answer.headers.get("content-security-policy") ?? "";
    expect(policy).toContain("default-src 'none'");
    expect(policy).not.toMatch(/https?:|\*/);
  });

  test("is where /swagger and /swagger/index.html lead", async () => {
    for (const path of ["/swagger", "/swagger/index.html"]) {
      const answer = await server.fetch(path, { redirect: "manual" });
      expect(answer.status).toBe(308);
      expect(answer.headers.get("location")).toBe("/swagger/");
    }
  });
});

describe("/swagger/doc.json", () => {
  test("is valid OpenAPI 3.1", async () => {
    const document = z.record(z.string(), z.unknown()).parse(JSON.parse(await getText("/swagger/doc.json")));
    const validator = new Validator();
    expect(await validator.validate(document)).toMatchObject({ valid: true });
    expect(validator.version).toBe("3.1");
    // So that a validator which takes anything would be noticed.
    expect(await new Validator().validate({ ...document, info: 5 })).toMatchObject({ valid: false });
  });

  test("offers the key in X-API-Key or as a bearer token, for every operation but the public ones", async () => {
    const document = openApiSchema.parse(JSON.parse(await getText("/swagger/doc.json")));
    expect(document.openapi).toMatch(/^3\.1\./);
    expect(document.components.securitySchemes).toMatchObject({
      ApiKey: { type: "apiKey", in: "header", name: "X-API-Key" },
      Bearer: { type: "http", scheme: "bearer" },
    });
    const open = Object.entries(document.paths).flatMap(([path, operations]) =>
      Object.values(operations).some((operation) => operation.security === undefined) ? [path] : [],
    );
    const pages = ["/asyncapi.json", "/health", "/health/live", "/health/ready", "/swagger/doc.json"];
    expect(open.sort()).toEqual([...pages, "/ws/session/{id}"]);
  });
});

/** The application of the real server, in this process. */
function makeApp(): HttpApp {
  const clock = new FakeClock();
  const timestamps = new Timestamps(clock);
  const ignore = () => {};
  const hub = new Hub(
    {
      queue: { maxMessages: 10, maxBytes: 10_000 },
      historyLingerMs: 1000,
      writeWaitMs: 1000,
      autoCreateTopics: true,
      topicTtlMs: 0,
      idleTopicTtlMs: 1000,
      maxTopics: 10,
      maxSubscriptions: 10,
      trace: false,
    },
    {
      engine: new MemoryEngine(10, timestamps, () => "epoch"),
      clock,
      timestamps,
      observer: {
        topicCreated: ignore,
        topicRemoved: ignore,
        slowConsumer: ignore,
        messagesDropped: ignore,
        sessionFailed: ignore,
      },
      defer: ignore,
    },
  );
  const journal = new Journal();
  const faults = new FaultLog(pino({ level: "silent" }), journal);
  const logger = pino({ level: "silent" });
  const connections = new Connections(
    { pingIntervalMs: 1000, pongWaitMs: 2000, writeWaitMs: 1000 },
    { hub, clock, systemClock: clock, logger, faults, journal },
  );
  const rateLimit = new RateLimit(0, 1, clock);
  const sources = { hub, connections, rateLimit, faults };
  const options = {
    maxMessageSize: 1000,
    ringBufferSize: 10,
    readTimeoutMs: 1000,
    writeTimeoutMs: 1000,
    enableCors: false,
    maxConnections: 10,
    metricsAuth: true,
    rateLimitPerMin: 0,
    rateLimitBurst: 1,
  };
  const tokens = new Tokens(signingSecret("", undefined), clock);
  const decode = createDecoder(10);
  const dispatcher = new Dispatcher({
    hub,
    decode,
    timestamps,
    logger,
    tokens,
    journal,
    serverName: "s",
    maxLastN: 10,
  });
  const streams = new Streams(2000, { connections, clock, systemClock: clock });
  const ports: HttpPorts = {
    hub,
    clock,
    faults,
    logger,
    rates: new Rates(hub.counters, clock),
    rateLimit,
    metrics: new Metrics([], { ...sources, maxConnections: 10, samples: new Samples(hub, clock, 50), version: "" }),
    authenticate: () => ANYBODY,
    keys: { holders: [], holderOf: () => undefined },
    tokens,
    allowsOrigin: () => true,
    eventStreams: new EventStreams({ hub, streams, timestamps }),
    httpSessions: new HttpSessions(1000, { hub, connections, dispatcher, streams }),
    connections,
    journal,
    isDraining: () => false,
    version: "0.0.0",
  };
  return createApp(options, ports, {
    admission: new Admission(options, ports),
    publisher: new HttpPublisher(options, ports),
    refusals: new Refusals({ ...ports, refusalLog: new RefusalLog(logger, clock) }),
  });
}

/** Whether a path is one of a page's files: those of the console, and of Swagger UI but for the description itself. */
function isOfPage(path: string): boolean {
  return (
    path === "/" ||
    path === "/docs" ||
    path.startsWith("/console") ||
    (path.startsWith("/swagger") && path !== "/swagger/doc.json")
  );
}

/** Every operation that the application has a route for, apart from the pages' files. */
function routesOf(app: HttpApp): string[] {
  const routes = app.routes
    .filter(({ method, path }) => method !== "ALL" && !isOfPage(path))
    .map(({ method, path }) => `${method} ${path.replace(/:([^/]+)/g, "{$1}")}`);
  return [...new Set(routes)].sort();
}

async function documentedOperations(app: HttpApp): Promise<string[]> {
  const path = "/swagger/doc.json";
  const head = { method: "GET", path, query: new URLSearchParams(), headers: {}, address: "127.0.0.1" };
  const answer = await app.request(path, {}, { head });
  const { paths } = openApiSchema.parse(await answer.json());
  return Object.entries(paths)
    .flatMap(([path, operations]) => Object.keys(operations).map((method) => `${method.toUpperCase()} ${path}`))
    .sort();
}

describe("the operations of the OpenAPI document", () => {
  test("are the routes of the application, all and no others", async () => {
    const app = makeApp();
    expect(routesOf(app)).toEqual(await documentedOperations(app));
    expect(routesOf(app)).toEqual([
      "DELETE /clients/{id}",
      "DELETE /topics/{name}",
      "GET /asyncapi.json",
      "GET /clients",
      "GET /clients/{id}",
      "GET /events",
      "GET /health",
      "GET /health/live",
      "GET /health/ready",
      "GET /metrics",
      "GET /stats",
      "GET /swagger/doc.json",
      "GET /topics",
      "GET /topics/{name}",
      "GET /topics/{name}/events",
      "GET /topics/{name}/messages",
      "GET /topics/{name}/messages/{offset}/trace",
      "GET /topics/{name}/subscribers",
      "GET /ws",
      "GET /ws/session",
      "POST /tokens",
      "POST /topics",
      "POST /topics/{name}/messages",
      "POST /ws/session/{id}",
    ]);
  });

  test("would be found to lack a route that somebody adds without describing it", async () => {
    const app = makeApp();
    app.get("/undescribed/:id", (c) => c.text(""));
    expect(routesOf(app)).toContain("GET /undescribed/{id}");
    expect(await documentedOperations(app)).not.toContain("GET /undescribed/{id}");
  });
});

describe("/asyncapi.json", () => {
  test("is valid AsyncAPI 3.0", async () => {
    const document: unknown = JSON.parse(await getText("/asyncapi.json"));
    // The schema brings its own copy of the meta-schema, which would clash with the validator's.
    const ajv = new Ajv({ strict: false, validateFormats: false, allErrors: true, meta: false, validateSchema: false });
    const validate = ajv.compile(z.record(z.string(), z.unknown()).parse(asyncApiSpecs.schemas["3.0.0"]));
    validate(document);
    expect(validate.errors).toBeNull();
    expect(document).toMatchObject({ asyncapi: "3.0.0" });
    expect(validate({ asyncapi: "3.0.0" })).toBe(false);
  });

  test("lists every message type, on the channel /ws, in the direction that it takes", async () => {
    const { channels, components, operations } = asyncApiSchema.parse(JSON.parse(await getText("/asyncapi.json")));
    const all = [...REQUEST_TYPES, ...ANSWER_TYPES].sort();
    expect(channels.ws.address).toBe("/ws");
    expect(Object.keys(channels.ws.messages).sort()).toEqual(all);
    expect(Object.keys(components.messages).sort()).toEqual([...all, "close", "session"].sort());
    const named = (action: string, channel = "ws") =>
      Object.values(operations)
        .filter((operation) => operation.action === action && operation.channel.$ref === `#/channels/${channel}`)
        .flatMap(({ messages }) => messages.map(({ $ref }) => $ref.split("/").at(-1)))
        .sort();
    expect(named("receive")).toEqual(REQUEST_TYPES);
    expect(named("send")).toEqual(ANSWER_TYPES);
    for (const channel of ["topicEvents", "events"]) {
      expect(named("send", channel)).toEqual(["ack", "close", "error", "event", "info"]);
    }
    expect(named("send", "session")).toEqual([...ANSWER_TYPES, "close", "session"].sort());
    expect(named("receive", "sessionRequests")).toEqual(REQUEST_TYPES);
  });

  test("says of last_n how many messages this server keeps", async () => {
    const { components } = asyncApiSchema.parse(JSON.parse(await getText("/asyncapi.json")));
    expect(components.messages["subscribe"]?.payload).toMatchObject({
      properties: { last_n: { type: "integer", minimum: 0, maximum: 7 } },
      required: ["type", "topic", "client_id"],
    });
  });

  test("describes what a server really sends", async () => {
    const { components } = asyncApiSchema.parse(JSON.parse(await getText("/asyncapi.json")));
    const ajv = new Ajv2020({ strict: false, validateFormats: false });
    await using open = await ServerProcess.start();
    using client = await TestClient.connect(open.port);
    client.send({ type: "subscribe", topic: "t", client_id: "c", since: { epoch: "e", offset: 1 }, request_id: "s" });
    client.publish("t", "m", { a: null });
    client.send({ type: "ping", request_id: "p" });
    client.send("nonsense");
    const texts: string[] = [];
    for (let i = 0; i < 5; i++) texts.push(await client.nextText());
    using stream = await StreamClient.connect(open.port, "/topics/t/events?last_event_id=e.1");
    for (let i = 0; i < 3; i++) await stream.nextText();
    await open.fetch("/topics/t", { method: "DELETE" });
    texts.push(await client.nextText());
    await stream.closed;
    texts.push(...stream.events.map(({ data }) => data));
    const types = texts.map((text) => {
      const message: unknown = JSON.parse(text);
      const { type } = z.looseObject({ type: z.string() }).parse(message);
      const validate = ajv.compile(components.messages[type]?.payload ?? false);
      expect({ text, valid: validate(message), errors: validate.errors }).toEqual({ text, valid: true, errors: null });
      return type;
    });
    expect([...new Set(types)].sort()).toEqual([...ANSWER_TYPES, "close"].sort());
  });
});
