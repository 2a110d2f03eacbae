import { formatDuration, MAX_DURATION_MS, parseDuration } from "./duration.ts";

// How long a topic stays once it has no subscriber: `never`, or a duration. In REST, the command and the console.

/** Longer texts are refused unread. */
export const MAX_TOPIC_TTL_CHARS = 64;
/** What is valid, in words that follow the field's name. */
export const TOPIC_TTL_RULE = `must be "never" or a duration such as 30s or 1h, up to ${MAX_DURATION_MS / 3_600_000}h`;

/** The time to live in milliseconds, or `never`: the topic stays until it is deleted; undefined where it is neither. */
export function parseTopicTtl(text: string): number | "never" | undefined {
  if (text === "never") return text;
  const ms = text.length <= MAX_TOPIC_TTL_CHARS ? parseDuration(text) : undefined;
  return ms === undefined || ms > MAX_DURATION_MS ? undefined : ms;
}

/** Formats a time to live as `parseTopicTtl` reads it: `never`, `1h0m0s`. */
export function formatTopicTtl(ttl: number | "never"): string {
  return ttl === "never" ? ttl : formatDuration(ttl);
}
