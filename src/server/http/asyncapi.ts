import { z } from "zod";
import { clientMessageSchema, serverMessageSchema } from "../../protocol/messages.ts";

type JsonObject = Record<string, unknown>;

/** One AsyncAPI message for each member of a union of messages, by the message's type. */
function messagesOf(schema: z.ZodDiscriminatedUnion): Record<string, JsonObject> {
  const messages: Record<string, JsonObject> = {};
  for (const option of schema.options) {
    const payload: JsonObject = z.toJSONSchema(option, { io: "input", unrepresentable: "any" });
    const { $schema: _, ...rest } = payload;
    const properties = z.record(z.string(), z.looseObject({})).parse(rest["properties"]);
    const name = z.string().parse(properties["type"]?.["const"]);
    messages[name] = { name, contentType: "application/json", payload: rest };
  }
  return messages;
}

function references(base: string, names: readonly string[]): JsonObject[] {
  return names.map((name) => ({ $ref: `${base}/${name}` }));
}

/**
 * The AsyncAPI 3 description of the WebSocket protocol, from the schemas that validate it.
 * @param maxLastN the most that `last_n` may ask for (`-ring-buffer-size`)
 */
export function asyncApiDocument(version: string, maxLastN: number): JsonObject {
  const requests = messagesOf(clientMessageSchema(maxLastN));
  const answers = messagesOf(serverMessageSchema);
  const channel = "#/channels/ws";
  return {
    asyncapi: "3.0.0",
    info: {
      title: "Ringcast WebSocket protocol",
      version,
      description: "One JSON object per text message. Every request gets exactly one answer: ack, pong or error.",
      license: { name: "MIT" },
    },
    defaultContentType: "application/json",
    channels: {
      ws: {
        address: "/ws",
        messages: Object.fromEntries(
          [...Object.keys(requests), ...Object.keys(answers)].map((name) => [
            name,
            { $ref: `#/components/messages/${name}` },
          ]),
        ),
      },
    },
    operations: {
      receiveRequest: {
        action: "receive",
        channel: { $ref: channel },
        summary: "What a client sends to the server",
        messages: references(`${channel}/messages`, Object.keys(requests)),
      },
      sendMessage: {
        action: "send",
        channel: { $ref: channel },
        summary: "What the server sends to a client",
        messages: references(`${channel}/messages`, Object.keys(answers)),
      },
    },
    components: { messages: { ...requests, ...answers } },
  };
}
