import type { ServerMessage } from "../protocol/messages.ts";

type Fields = Readonly<Record<string, unknown>>;

function isObject(value: unknown): value is Fields {
  return typeof value === "object" && value !== null;
}

function isText(value: unknown): boolean {
  return typeof value === "string";
}

function isOffset(value: unknown): boolean {
  return Number.isSafeInteger(value);
}

function isOptional(value: unknown, isValid: (value: unknown) => boolean): boolean {
  return value === undefined || isValid(value);
}

function isInfo(info: unknown): boolean {
  if (!isObject(info) || !isText(info["code"])) return false;
  const { code, dropped, from_offset, message, to_offset } = info;
  if (code === "MESSAGES_DROPPED") return [dropped, from_offset, to_offset].every(isOffset);
  return code !== "TOPIC_DELETED" || isText(message);
}

/** Whether a value has every field that the SDK reads, with the right type. Unknown types of message are valid. */
function isServerMessage(value: unknown): value is ServerMessage {
  if (!isObject(value)) return false;
  const { epoch, error, info, message, offset, server, topic, ts, type } = value;
  switch (type) {
    case "event":
      return isText(topic) && isOffset(offset) && isText(ts) && isObject(message) && isText(message["id"]);
    case "ack":
      return isOptional(epoch, isText) && isOptional(offset, isOffset);
    case "error":
      return isObject(error) && isText(error["code"]) && isText(error["message"]);
    case "pong":
      return isOptional(server, isText);
    case "info":
      return isOptional(topic, isText) && isInfo(info);
    default:
      return isText(type);
  }
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
