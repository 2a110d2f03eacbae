import { z } from "zod";
import { ERROR_CODES } from "./errors.ts";

// What the payloads of the messages on the server's own topics look like.

const count = (description: string) => z.int().min(0).meta({ description });
const rate = (description: string) => z.number().min(0).meta({ description });

/** The payload of `$sys/server`. */
export const serverInfoSchema = z.object({
  version: z.string(),
  runtime: z.string().meta({ description: "What runs the server, with its version, such as Node.js 26.1.0" }),
  started_at: z.iso.datetime({ precision: 3 }),
  trace: z.boolean().meta({ description: "Whether messages' traces are kept (-trace)" }),
  limits: z
    .object({
      max_connections: count("-max-connections, worked out where that is 0"),
      max_topics: count("-max-topics"),
      max_subscriptions: count("-max-subscriptions, of one connection"),
      max_message_size: count("-max-message-size, in bytes"),
      max_queue_size: count("-max-queue-size, in messages"),
      max_queue_bytes: count("-max-queue-bytes"),
      ring_buffer_size: count("-ring-buffer-size, in messages of one topic"),
      max_history_bytes: count("-max-history-bytes, worked out where that is 0"),
    })
    .meta({ description: "The bounds in force" }),
});
export type ServerInfo = z.infer<typeof serverInfoSchema>;

const tallySchema = z.object({
  published: rate("Messages that topics accepted"),
  delivered: rate("Messages queued for subscribers, replays included"),
  dropped: rate("Messages that clients lost because they did not keep up"),
  slow_consumers: rate("Connections closed because they did not read"),
  received_bytes: rate("Bytes of clients' messages and of request bodies"),
  sent_bytes: rate("Bytes of messages handed to sockets"),
  errors: rate("Errors told to clients"),
});
/** What is counted, as totals or as rates. */
export type Tally = z.infer<typeof tallySchema>;

/** The payload of `$sys/stats`. What is on the server's own topics is not counted, but for its bytes. */
export const systemStatsSchema = z.object({
  uptime_sec: count("Seconds since the server began"),
  clients: count("Open WebSockets and event streams"),
  event_streams: count("Event streams among them"),
  http_sessions: count("Sessions by HTTP among them"),
  topics: count("Topics"),
  active_topics: count("Topics with at least one subscriber"),
  subscriptions: count("Subscriptions, over all topics"),
  lingering_topics: count("Removed topics whose history can still be brought back (-history-linger)"),
  log_bytes: count("Memory of all topics' histories, and of what clients are still to be sent of them"),
  history_bytes: count("Memory of all topics' histories: what -max-history-bytes bounds"),
  queued_messages: count("Messages that wait, over all clients"),
  queued_bytes: count("Bytes that wait, over all clients"),
  longest_queue: count("Messages that wait for the client with the most"),
  event_loop_delay_ms: rate("The longest that a timer came late since the last message"),
  cpu_percent: rate("Processor time taken since the last message; 100 is one core"),
  memory_bytes: count("Resident memory; left out while the system does not tell it").optional(),
  total: tallySchema.meta({ description: "Since the server began" }),
  per_sec: tallySchema.meta({ description: "Per second, since the last message" }),
});
export type SystemStats = z.infer<typeof systemStatsSchema>;

/** What can be told on `$sys/events` besides refusals. */
export const HAPPENING_CODES = [
  "SERVER_STARTED",
  "SERVER_SHUTDOWN",
  "TOPIC_DELETED",
  "CLIENT_CUT_OFF",
  "MESSAGES_DROPPED",
  "RELOADED",
] as const;

/** The payload of `$sys/events`: what an operator should know of. The same in one second is told once, and counted. */
export const happeningSchema = z.object({
  code: z.enum([...HAPPENING_CODES, ...ERROR_CODES]),
  level: z.enum(["info", "warning", "error"]),
  message: z.string().meta({ description: "What happened, for people" }),
  count: z.int().min(1).meta({ description: "How often, within the second; of MESSAGES_DROPPED, how many messages" }),
  client: z.int().optional().meta({ description: "Whose connection it was: the id in GET /clients" }),
  address: z.string().optional().meta({ description: "Where it came from" }),
  topic: z.string().optional(),
});
export type Happening = z.infer<typeof happeningSchema>;
