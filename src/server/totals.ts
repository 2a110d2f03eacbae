import type { Hub } from "../core/hub.ts";

// Sums that nobody keeps, because few ask for them: over all topics, and over all clients.

/** Over all topics but the server's own: how many have a subscriber, and all their subscriptions. */
export function topicTotals(hub: Pick<Hub, "topics">): { active: number; subscriptions: number } {
  let active = 0;
  let subscriptions = 0;
  for (const { subscriberCount } of hub.topics()) {
    subscriptions += subscriberCount;
    if (subscriberCount > 0) active++;
  }
  return { active, subscriptions };
}

/** Over all clients: the messages that wait and their bytes, and the longest queue among them, in messages. */
export function queueTotals(hub: Pick<Hub, "sessions">): { messages: number; bytes: number; longest: number } {
  let messages = 0;
  let bytes = 0;
  let longest = 0;
  for (const { queueBytes, queueDepth } of hub.sessions()) {
    messages += queueDepth;
    bytes += queueBytes;
    longest = Math.max(longest, queueDepth);
  }
  return { messages, bytes, longest };
}
