import { z } from "zod";
import { ERROR_CODES } from "./errors.ts";
import {
  isName,
  isRequestId,
  isTopicName,
  MAX_EPOCH_CHARS,
  MAX_NAME_BYTES,
  MAX_REQUEST_ID_CHARS,
  NAME_PATTERN,
} from "./limits.ts";

// The schemas of the wire, once: types, validation and the AsyncAPI description come from here.

const NAME_RULE = `1 to ${MAX_NAME_BYTES} bytes of UTF-8, no control characters`;

function name(description: string, isValid: (text: string) => boolean = isName, rule = NAME_RULE) {
  return z
    .string()
    .refine(isValid, { error: `must be a string of ${rule}` })
    .meta({
      description: `${description} (${NAME_RULE})`,
      minLength: 1,
      // JSON Schema counts characters; that the bytes count, only a keyword of our own can say.
      maxLength: MAX_NAME_BYTES,
      "x-max-bytes": MAX_NAME_BYTES,
      pattern: NAME_PATTERN,
    });
}

const TOPIC_RULE = `${NAME_RULE}, and not "." or ".."`;
const NO_TOPIC = { not: { enum: [".", ".."] } };
export const topicNameSchema = name("The topic's name", isTopicName, TOPIC_RULE).meta({
  examples: ["orders"],
  ...NO_TOPIC,
});
const TOPIC_PATTERN = "A topic's name, or the beginning of names with a * behind it";
export const topicPatternSchema = name(TOPIC_PATTERN);
/** For new tokens. A token signed elsewhere may contain `.` or `..`: no topic matches them. */
export const newTopicPatternSchema = name(TOPIC_PATTERN, isTopicName, TOPIC_RULE).meta(NO_TOPIC);
export const clientIdSchema = name("Labels the subscriber").meta({ examples: ["s1"] });
const requestIdSchema = z
  .string()
  .refine(isRequestId, { error: `must be a string of at most ${MAX_REQUEST_ID_CHARS} characters` })
  .meta({ description: "Correlates the answer with its request", maxLength: MAX_REQUEST_ID_CHARS })
  .optional();
export const offsetSchema = z.int().min(0).meta({ description: "An event's number in its topic: 1, 2, 3 …" });
export const epochSchema = z
  .string()
  .max(MAX_EPOCH_CHARS)
  .meta({ description: "Identifies one incarnation of a topic" });
const timestampSchema = z.iso
  .datetime({ precision: 3 })
  .meta({ description: "RFC 3339, UTC, milliseconds", examples: ["2025-01-15T10:00:00.123Z"] });
const payloadSchema = z.unknown().meta({ description: "Any JSON value, delivered byte for byte" });
const messageSchema = z.object({
  id: name("The message's id"),
  // Absent and null differ: zod takes `unknown` for optional, the protocol does not.
  payload: payloadSchema.refine((value) => value !== undefined, { error: "is required" }),
});

/** The most messages that one HTTP request may publish. */
export const MAX_BATCH = 1000;
const BATCH_RULE = `must be a list of 1 to ${MAX_BATCH} messages`;

/** A message to be published by HTTP. */
export const newMessageSchema = messageSchema.extend({
  id: messageSchema.shape.id.optional().meta({ description: "The message's id; made (UUIDv7) where it is absent" }),
});
const absent = z.never({ error: "has no place beside messages" }).optional();
/** Several messages to be published by HTTP: all of them, or none. */
export const newMessagesSchema = z.object({
  messages: z
    .array(newMessageSchema, { error: BATCH_RULE })
    .min(1, { error: BATCH_RULE })
    .max(MAX_BATCH, { error: BATCH_RULE }),
  id: absent,
  payload: absent,
});

/**
 * The schema of all that a client may send.
 * @param maxLastN how many messages a topic keeps for replay (`-ring-buffer-size`), the most that `last_n` may ask for
 */
export function clientMessageSchema(maxLastN: number) {
  const lastN = z
    .int({ error: `must be an integer from 0 to ${maxLastN}` })
    .min(0, { error: `must be an integer from 0 to ${maxLastN}` })
    .max(maxLastN, { error: `must be an integer from 0 to ${maxLastN}` })
    .meta({ description: "How many of the topic's last messages to replay" });
  const subscribe = z
    .object({
      type: z.literal("subscribe"),
      topic: topicNameSchema,
      client_id: clientIdSchema,
      last_n: lastN.optional(),
      since: z.object({ epoch: epochSchema, offset: offsetSchema }).optional(),
      request_id: requestIdSchema,
    })
    .refine((request) => request.since === undefined || request.last_n === undefined, {
      error: "since and last_n exclude each other",
    });
  const unsubscribe = z.object({
    type: z.literal("unsubscribe"),
    topic: topicNameSchema,
    client_id: clientIdSchema,
    request_id: requestIdSchema,
  });
  const publish = z.object({
    type: z.literal("publish"),
    topic: topicNameSchema,
    message: messageSchema,
    dedupe: z
      .boolean()
      .optional()
      .meta({ description: "Publish nothing if the topic still holds an event with this id; the ack has its offset" }),
    request_id: requestIdSchema,
  });
  const ping = z.object({ type: z.literal("ping"), request_id: requestIdSchema });
  const refresh = z.object({
    type: z.literal("refresh"),
    token: z.string().meta({ description: "The token that takes the place of the one that the connection came with" }),
    request_id: requestIdSchema,
  });
  return z.discriminatedUnion("type", [subscribe, unsubscribe, publish, ping, refresh], {
    error: "type must be subscribe, unsubscribe, publish, ping or refresh",
  });
}

/** What a client sends, as it stands on the wire. */
export type WireRequest = z.infer<ReturnType<typeof clientMessageSchema>>;

export const errorBodySchema = z.object({
  code: z.enum(ERROR_CODES).meta({ description: "What went wrong, for programs" }),
  message: z.string().meta({ description: "What went wrong, for people" }),
});

const infoSchema = z.discriminatedUnion("code", [
  z.object({
    code: z.literal("MESSAGES_DROPPED"),
    message: z.string(),
    dropped: z.int().min(1).meta({ description: "How many events were lost" }),
    from_offset: offsetSchema,
    to_offset: offsetSchema,
  }),
  z.object({
    code: z.literal("MESSAGES_MISSED"),
    message: z.string(),
    epoch: epochSchema.meta({ description: "The topic's incarnation now" }),
    from_offset: offsetSchema.meta({ description: "Of this incarnation, the first event that was missed" }),
    to_offset: offsetSchema.meta({ description: "The last one; lower than from_offset where none of it was" }),
    since: z.object({ epoch: epochSchema, offset: offsetSchema }).meta({
      description: "Where the client had left off; an empty epoch where its Last-Event-ID was no id of the stream",
    }),
  }),
  z.object({ code: z.literal("TOPIC_DELETED"), message: z.string() }),
  z.object({ code: z.literal("SERVER_SHUTDOWN"), message: z.string() }),
  z.object({
    code: z.literal("TOKEN_EXPIRING"),
    message: z.string(),
    expires_at: timestampSchema.meta({ description: "When the connection's token ends, and with it the connection" }),
  }),
]);

/** The schema of all that the server sends. Clients ignore keys that they don't know. */
export const serverMessageSchema = z.discriminatedUnion("type", [
  z.object({
    type: z.literal("ack"),
    request_id: requestIdSchema,
    topic: topicNameSchema.optional().meta({ description: "Absent in the answer to refresh" }),
    status: z.literal("ok"),
    epoch: epochSchema.optional().meta({ description: "Subscribe only: the topic's incarnation" }),
    offset: offsetSchema.optional().meta({ description: "Subscribe: the newest offset; publish: the event's own" }),
    duplicate: z.literal(true).optional().meta({ description: "Publish with dedupe: the event was there already" }),
    recovered: z.boolean().optional().meta({ description: "Subscribe with since: whether nothing was missed" }),
    expires_at: timestampSchema.optional().meta({ description: "Refresh: when the new token ends" }),
    ts: timestampSchema,
  }),
  z.object({
    type: z.literal("event"),
    topic: topicNameSchema,
    message: messageSchema,
    offset: offsetSchema,
    ts: timestampSchema.meta({ description: "When the topic accepted the event" }),
  }),
  z.object({
    type: z.literal("error"),
    request_id: requestIdSchema,
    topic: topicNameSchema.optional(),
    error: errorBodySchema,
    ts: timestampSchema,
  }),
  z.object({
    type: z.literal("pong"),
    request_id: requestIdSchema,
    server: z
      .string()
      .meta({ description: "Random, and another each time the server starts: then it remembers nothing" }),
    max_last_n: z
      .int()
      .min(0)
      .optional()
      .meta({ description: "The most messages that a subscribe may ask for (-ring-buffer-size)" }),
    ts: timestampSchema,
  }),
  z.object({ type: z.literal("info"), topic: topicNameSchema.optional(), info: infoSchema, ts: timestampSchema }),
]);

/** The last word on an event stream, which has no close frame: the code and reason that a WebSocket would be closed with. */
export const streamCloseSchema = z.object({ type: z.literal("close"), code: z.int(), reason: z.string() });
export type StreamClose = z.infer<typeof streamCloseSchema>;

/** The first event of a session's stream. */
export const streamSessionSchema = z.object({
  type: z.literal("session"),
  id: z
    .string()
    .meta({ description: "Names the session in the path of its requests, and is all that they need: a secret" }),
});
export type StreamSession = z.infer<typeof streamSessionSchema>;

/** What the server sends, as it stands on the wire. */
export type ServerMessage = z.infer<typeof serverMessageSchema>;
/** The `info` object of an info message. */
export type Info = z.infer<typeof infoSchema>;

/** Where a subscriber left off: the incarnation of the topic, and the last offset that it saw. */
export interface Position {
  readonly epoch: string;
  readonly offset: number;
}
