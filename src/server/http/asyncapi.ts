import { z } from "zod";
import {
  clientMessageSchema,
  serverMessageSchema,
  streamCloseSchema,
  streamSessionSchema,
} from "../../protocol/messages.ts";
import { happeningSchema, serverInfoSchema, systemStatsSchema } from "../../protocol/system.ts";

import { SESSION_PATH } from "./paths.ts";

type JsonObject = Record<string, unknown>;

function schemaOf(schema: z.core.$ZodType): JsonObject {
  const { $schema: _, ...rest }: JsonObject = z.toJSONSchema(schema, { io: "input", unrepresentable: "any" });
  return rest;
}

/** One AsyncAPI message for each of these schemas, by the message's type. */
function messagesOf(schemas: readonly z.core.$ZodType[]): Record<string, JsonObject> {
  const messages: Record<string, JsonObject> = {};
  for (const option of schemas) {
    const payload = schemaOf(option);
    const properties = z.record(z.string(), z.looseObject({})).parse(payload["properties"]);
    const name = z.string().parse(properties["type"]?.["const"]);
    messages[name] = { name, contentType: "application/json", payload };
  }
  return messages;
}

function references(base: string, names: readonly string[]): JsonObject[] {
  return names.map((name) => ({ $ref: `${base}/${name}` }));
}

interface Channel {
  readonly address: string;
  readonly parameters?: JsonObject;
}

function channel({ address, parameters }: Channel, names: readonly string[]): JsonObject {
  const messages = Object.fromEntries(names.map((name) => [name, { $ref: `#/components/messages/${name}` }]));
  return { address, ...(parameters === undefined ? {} : { parameters }), messages };
}

function operation(action: "receive" | "send", on: string, summary: string, names: readonly string[]): JsonObject {
  const $ref = `#/channels/${on}`;
  return { action, channel: { $ref }, summary, messages: references(`${$ref}/messages`, names) };
}

/**
 * The AsyncAPI 3 description of the WebSocket protocol and of event streams, from the schemas that validate them.
 * @param maxLastN the most that `last_n` may ask for (`-ring-buffer-size`)
 */
export function asyncApiDocument(version: string, maxLastN: number): JsonObject {
  const requests = messagesOf(clientMessageSchema(maxLastN).options);
  const answers = messagesOf(serverMessageSchema.options);
  const streamEnd = messagesOf([streamCloseSchema]);
  const streamStart = messagesOf([streamSessionSchema]);
  const inSession = [...Object.keys(streamStart), ...Object.keys(answers), ...Object.keys(streamEnd)];
  const streamed = ["ack", "event", "info", "error", ...Object.keys(streamEnd)];
  return {
    asyncapi: "3.0.0",
    info: {
      title: "Ringcast protocol",
      version,
      description:
        "On a WebSocket: one JSON object per text message; every request gets exactly one answer: ack, pong or error. " +
        "On an event stream: the same objects as the data of server-sent events. " +
        "In a session by HTTP: the same on an event stream, and requests as the lines of a request's body.",
      license: { name: "MIT" },
    },
    defaultContentType: "application/json",
    channels: {
      ws: channel({ address: "/ws" }, [...Object.keys(requests), ...Object.keys(answers)]),
      topicEvents: channel(
        {
          address: "/topics/{name}/events",
          parameters: { name: { description: "The topic's name, percent-encoded" } },
        },
        streamed,
      ),
      events: channel({ address: "/events" }, streamed),
      session: channel({ address: SESSION_PATH }, inSession),
      sessionRequests: channel(
        { address: `${SESSION_PATH}/{id}`, parameters: { id: { description: "The id of the session" } } },
        Object.keys(requests),
      ),
    },
    operations: {
      receiveRequest: operation("receive", "ws", "What a client sends to the server", Object.keys(requests)),
      sendMessage: operation("send", "ws", "What the server sends to a client", Object.keys(answers)),
      streamTopic: operation("send", "topicEvents", "What a subscriber of one topic gets", streamed),
      streamTopics: operation("send", "events", "What a subscriber of several topics gets", streamed),
      streamSession: operation("send", "session", "What a client gets in place of a WebSocket", inSession),
      receiveSessionRequest: operation("receive", "sessionRequests", "What it sends", Object.keys(requests)),
    },
    components: {
      messages: { ...requests, ...answers, ...streamStart, ...streamEnd },
      // What the payloads of the server's own topics look like: those of $sys/server, $sys/stats and $sys/events.
      schemas: {
        ServerInfo: schemaOf(serverInfoSchema),
        SystemStats: schemaOf(systemStatsSchema),
        Happening: schemaOf(happeningSchema),
      },
    },
  };
}
