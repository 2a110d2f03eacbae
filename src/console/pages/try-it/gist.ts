import { payloadText } from "../../../client/payload-text.ts";
import type { Frame } from "./frame.ts";

/** As much as a line shows. */
const MAX_CHARS = 300;
/** A frame longer than this is not looked into for its line. */
const MAX_SEARCHED = 20_000;

/** What of a frame its line in the list shows: the payload where there is one. */
export function gist(frame: Frame): string {
  const { text } = frame;
  const { type } = frame.head;
  if ((type !== "event" && type !== "publish") || text.length > MAX_SEARCHED) return text.slice(0, MAX_CHARS);
  return (payloadText(text) || text).slice(0, MAX_CHARS);
}
