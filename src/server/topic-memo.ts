import type { PublishRequest } from "../protocol/requests.ts";
import { stringValue } from "../protocol/spans.ts";

/** Longer names are read anew each time, so that a connection's memo stays small. */
const MAX_KEPT_BYTES = 128;

/**
 * The topic that a client published to last. Most publish to the same one again and again: to compare bytes costs less
 * than to make a string of them.
 */
export class TopicMemo {
  #json: Buffer | undefined;
  #name = "";

  /** The name of the topic that a request is for. */
  nameIn({ bytes, topicEnd, topicStart }: PublishRequest): string {
    const json = this.#json;
    if (json !== undefined && equals(json, bytes, topicStart, topicEnd)) return this.#name;
    const text = bytes.toString("utf8", topicStart, topicEnd);
    const name = stringValue(text) ?? "";
    if (topicEnd - topicStart > MAX_KEPT_BYTES) return name;
    this.#json = Buffer.from(bytes.subarray(topicStart, topicEnd));
    this.#name = name;
    return name;
  }
}

function equals(json: Buffer, bytes: Buffer, start: number, end: number): boolean {
  if (json.length !== end - start) return false;
  for (let i = 0; i < json.length; i++) if (json[i] !== bytes[start + i]) return false;
  return true;
}
