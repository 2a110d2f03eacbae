import { createRoute, z } from "@hono/zod-openapi";
import type { Subscription } from "../../core/topic.ts";
import { TRANSPORT_KINDS } from "../../core/transport.ts";
import { clientIdSchema, topicNameSchema } from "../../protocol/messages.ts";
import type { Connection } from "../connection.ts";
import type { HttpApp, HttpPorts } from "./context.ts";
import { describeErrors, HttpRefusal } from "./errors.ts";
import { administration } from "./guards.ts";
import { wholeNumber } from "./parameters.ts";
import { SECURITY } from "./security.ts";

// Who is connected, for whoever runs the server.

const DEFAULT_LIMIT = 1000;
const MAX_LIMIT = 10_000;
/** A connection may have a label for each of its many subscriptions; a list shows the first ones. */
const MAX_CLIENT_IDS = 10;
/** Most have but one, so these are looked for no further: a list of 1,000 clients with 1,000 topics each took 100 ms. */
const MAX_LABELS_READ = 100;

const count = (description: string) => z.int().min(0).openapi({ description });
const time = (description: string) => z.string().openapi({ format: "date-time", description });

const clientSchema = z
  .object({
    id: z.int().min(1).openapi({ description: "Its number in this process; the log calls it session" }),
    transport: z.enum(TRANSPORT_KINDS),
    address: z.string().openapi({ description: "Where it is connected from" }),
    as: z.string().openapi({ description: "Who it is: its key's name, or the client id of its token" }),
    connected_at: time("When it connected"),
    last_pong_at: time("When its last pong came; of an event stream, when its machine last took something").optional(),
    client_ids: z
      .array(clientIdSchema)
      .max(MAX_CLIENT_IDS)
      .openapi({
        description: `What its first ${MAX_LABELS_READ} subscriptions are labelled, at most ${MAX_CLIENT_IDS}`,
      }),
    subscription_count: count("Topics that it is subscribed to"),
    requests: count("Requests that it has sent"),
    queue_depth: count("Messages that wait because it does not keep up"),
    queue_bytes: count("Their bytes"),
    dropped: count("Events that it lost for the same reason"),
  })
  .openapi("Client");

const clientDetailsSchema = clientSchema
  .extend({
    subscriptions: z.array(
      z.object({ topic: topicNameSchema, client_id: clientIdSchema, since: time("When the subscription began") }),
    ),
  })
  .openapi("ClientDetails");

const clientPath = z.object({
  id: z
    .string()
    .regex(/^[1-9]\d{0,14}$/, { error: "must be the number of a client" })
    .transform(Number)
    .openapi({ type: "integer", minimum: 1, maximum: 999_999_999_999_999 }),
});

const errors = describeErrors("BAD_REQUEST", "UNAUTHORIZED", "FORBIDDEN", "NOT_FOUND", "RATE_LIMITED", "UNAVAILABLE");

const listRoute = createRoute({
  method: "get",
  path: "/clients",
  middleware: administration,
  tags: ["Clients"],
  summary: "Who is connected",
  description: `In the order in which they came, at most limit of them (${DEFAULT_LIMIT} unless said). The rest of a long list follows with after, the last one's id.`,
  security: SECURITY,
  request: { query: z.object({ limit: wholeNumber(MAX_LIMIT), after: wholeNumber(Number.MAX_SAFE_INTEGER) }) },
  responses: {
    200: {
      description: "The clients",
      content: {
        "application/json": {
          schema: z
            .object({ total: count("All that are connected"), clients: z.array(clientSchema) })
            .openapi("Clients"),
        },
      },
    },
    ...describeErrors("BAD_REQUEST", "UNAUTHORIZED", "FORBIDDEN", "RATE_LIMITED", "UNAVAILABLE"),
  },
});

const detailsRoute = createRoute({
  method: "get",
  path: "/clients/{id}",
  middleware: administration,
  tags: ["Clients"],
  summary: "A client, with what it is subscribed to",
  security: SECURITY,
  request: { params: clientPath },
  responses: {
    200: { description: "The client", content: { "application/json": { schema: clientDetailsSchema } } },
    ...errors,
  },
});

const cutOffRoute = createRoute({
  method: "delete",
  path: "/clients/{id}",
  middleware: administration,
  tags: ["Clients"],
  summary: "Cut a client off",
  description: "Its connection is closed with 4403, after what waits for it. Nothing keeps it from coming back.",
  security: SECURITY,
  request: { params: clientPath },
  responses: {
    200: {
      description: "It is being closed",
      content: { "application/json": { schema: z.object({ status: z.literal("cut_off"), client: z.int().min(1) }) } },
    },
    ...errors,
  },
});

function labelsOf(subscriptions: Iterable<Subscription>): string[] {
  const labels = new Set<string>();
  let readCount = 0;
  for (const { clientId } of subscriptions) {
    if (labels.size === MAX_CLIENT_IDS || readCount++ === MAX_LABELS_READ) break;
    labels.add(clientId);
  }
  return [...labels];
}

/** The first so many connections, in the order of their sessions' ids, from behind one of them. */
function pageOf(connections: Iterable<Connection>, after: number, limit: number): Connection[] {
  const page: Connection[] = [];
  for (const connection of connections) {
    if (connection.session.id <= after) continue;
    if (page.push(connection) === limit) break;
  }
  return page;
}

function describe(connection: Connection, { clock, hub }: HttpPorts) {
  const { session } = connection;
  const at = (monotonicMs: number) => new Date(clock.wallMs() - clock.monotonicMs() + monotonicMs).toISOString();
  const { lastPongMs } = connection;
  return {
    id: session.id,
    transport: session.transportKind,
    address: connection.address,
    as: connection.principal.name,
    connected_at: at(connection.openedAtMs),
    ...(lastPongMs === undefined ? {} : { last_pong_at: at(lastPongMs) }),
    client_ids: labelsOf(hub.subscriptionsOf(session)),
    subscription_count: hub.subscriptionCount(session),
    requests: connection.requestCount,
    queue_depth: session.queueDepth,
    queue_bytes: session.queueBytes,
    dropped: session.droppedCount,
  };
}

/** Adds the routes that show who is connected, and cut them off. */
export function addClientRoutes(app: HttpApp, ports: HttpPorts): void {
  const { connections, hub } = ports;
  const find = (id: number) => {
    const connection = connections.find(id);
    if (connection === undefined) throw new HttpRefusal("NOT_FOUND", "there is no such client");
    return connection;
  };

  app.openapi(listRoute, (c) => {
    const { after = 0, limit = DEFAULT_LIMIT } = c.req.valid("query");
    const page = pageOf(connections.all(), after, limit);
    const clients = page.map((connection) => describe(connection, ports));
    return c.json({ total: connections.count, clients }, 200);
  });

  app.openapi(detailsRoute, (c) => {
    const connection = find(c.req.valid("param").id);
    const subscriptions = [...hub.subscriptionsOf(connection.session)].map(({ clientId, subscribedAt, topic }) => {
      return { topic: topic.name, client_id: clientId, since: subscribedAt };
    });
    return c.json({ ...describe(connection, ports), subscriptions }, 200);
  });

  app.openapi(cutOffRoute, (c) => {
    const { id } = c.req.valid("param");
    connections.cutOff(find(id), c.var.principal.name);
    return c.json({ status: "cut_off" as const, client: id }, 200);
  });
}
