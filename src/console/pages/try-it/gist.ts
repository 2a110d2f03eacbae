import { payloadText } from "../../../client/payload-text.ts";
import type { Frame } from "./frame.ts";

/** As much as a line shows. */
const MAX_CHARS = 300;
/** A frame longer than this is not looked into for its line. */
const MAX_SEARCHED = 20_000;
/** What the line shows apart, or what says nothing in it. */
const SHOWN_APART: readonly string[] = ["type", "topic", "ts", "status"];

/** What is in every frame, and so the last that one looks for. */
const LAST: readonly string[] = ["request_id", "client_id"];

/** Keys and values, short of what stands elsewhere in the line. */
function listed(text: string): string {
  const entries = Object.entries<unknown>(JSON.parse(text)).filter(([key]) => !SHOWN_APART.includes(key));
  const ordered = [...entries.filter(([key]) => !LAST.includes(key)), ...entries.filter(([key]) => LAST.includes(key))];
  return ordered
    .map(([key, value]) => `${key} ${typeof value === "string" ? value : JSON.stringify(value)}`)
    .join(", ");
}

function line({ head: { message, type }, text }: Frame): string {
  if (text.length > MAX_SEARCHED) return text;
  switch (type) {
    case "event":
    case "publish":
      return payloadText(text) || text;
    case "error":
    case "info":
      return message || text;
    case "ack":
    case "pong":
    case "ping":
    case "subscribe":
    case "unsubscribe":
    case "refresh":
      return listed(text);
    default:
      return text;
  }
}

/** What of a frame its line in the list shows: the payload where there is one. */
export function gist(frame: Frame): string {
  return line(frame).slice(0, MAX_CHARS);
}
