/** What the names of the server's own topics begin with. Clients may read them, and neither publish nor make any. */
export const SYSTEM_PREFIX = "$sys/";

/** Whether a topic's name is one of those that the server keeps to itself. */
export function isSystemName(topic: string): boolean {
  return topic.startsWith(SYSTEM_PREFIX);
}

/** The server's own topics, by what is published to them. */
export const SYSTEM_TOPICS = {
  /** What runs, and with which bounds; one message, from the server's start. */
  server: "$sys/server",
  /** How the server does; a message a second. */
  stats: "$sys/stats",
  /** What an operator should know of, as it happens. */
  events: "$sys/events",
} as const;
