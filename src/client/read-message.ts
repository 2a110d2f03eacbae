import type { ServerMessage } from "../protocol/messages.ts";
import { misfit, type Shape } from "./shape.ts";

/** Every field that the SDK reads, by type of message. */
const MESSAGES: Shape = {
  event: { topic: "string", message: { id: "string" }, offset: "number", ts: "string" },
  ack: { epoch: "string?", offset: "number?" },
  error: { error: { code: "string", message: "string" } },
  pong: { server: "string?", max_last_n: "number?" },
  info: { topic: "string?", info: { code: "string" } },
};
/** The same, by code of info. */
const INFOS: Shape = {
  MESSAGES_DROPPED: { dropped: "number", from_offset: "number", to_offset: "number" },
  TOPIC_DELETED: { message: "string" },
};
/** What only clients send: a server that sends it is an echo of what it got. */
const REQUESTS = /^(?:ping|publish|refresh|(?:un)?subscribe)$/;

function shapeOf(shapes: Shape, name: string): Shape {
  const shape = Object.hasOwn(shapes, name) ? shapes[name] : undefined;
  return typeof shape === "object" ? shape : {};
}

/** Whether a value is a message. Types and codes of later versions are valid. */
function isServerMessage(value: unknown): value is ServerMessage {
  const { info, type }: Readonly<Record<string, unknown>> = Object(value);
  if (typeof type !== "string" || REQUESTS.test(type) || misfit(value, shapeOf(MESSAGES, type)) !== undefined)
    return false;
  return type !== "info" || misfit(info, shapeOf(INFOS, String(Object(info).code))) === undefined;
}

/**
 * Reads a message of the server.
 * @returns undefined if the text is not a message of the protocol
 */
export function readMessage(text: string): ServerMessage | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isServerMessage(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
