import { MAX_EPOCH_CHARS, MAX_STREAM_TOPICS } from "./limits.ts";
import type { Position } from "./messages.ts";

// Server-sent events (HTML Living Standard, section 9.2): the messages of the WebSocket as the data of events, and the
// id by which a client goes on where it left off.

/** The names of events in a stream; a topic's event has none, so that `onmessage` gets it. */
export const STREAM_EVENT_NAMES = ["ack", "info", "gap", "failure", "close"] as const;
export type StreamEventName = (typeof STREAM_EVENT_NAMES)[number];

/** The names of events in the stream of a session; messages have none. */
export const SESSION_EVENT_NAMES = ["session", "close"] as const;
export type SessionEventName = (typeof SESSION_EVENT_NAMES)[number];

/**
 * One event of a stream.
 * @param data JSON text. Line breaks between its tokens are the only ones it can have; a stream carries them all as LF.
 * @param id what the client is to present as `Last-Event-ID` if it got no further than this event
 */
export function encodeStreamEvent(
  data: string,
  name: StreamEventName | SessionEventName | undefined,
  id: string | undefined,
): string {
  const lines = /[\r\n]/.test(data) ? data.replace(/\r\n|\r|\n/g, "\ndata: ") : data;
  return `${id === undefined ? "" : `id: ${id}\n`}${name === undefined ? "" : `event: ${name}\n`}data: ${lines}\n\n`;
}

/** What a client's browser does not show its page, and only keeps the connection alive. */
export const STREAM_COMMENT = ":\n\n";

/**
 * A line that says how long a client should wait before it connects again. It goes before an event, without a blank line
 * between them: some clients make an empty event of a block that has nothing else.
 */
export function encodeRetry(ms: number): string {
  return `retry: ${ms}\n`;
}

// An epoch is the server's own and has neither of the two characters.
const BETWEEN_TOPICS = ",";
const BEFORE_OFFSET = ".";
const POSITION = new RegExp(`^([^,.]{1,${MAX_EPOCH_CHARS}})\\.(\\d{1,16})$`);

/** The position in one topic, as a part of an id. */
export function encodePosition({ epoch, offset }: Position): string {
  return `${epoch}${BEFORE_OFFSET}${offset}`;
}

/** The id of a stream that stands at these positions, in the order of its topics. */
export function joinPositions(positions: readonly string[]): string {
  return positions.join(BETWEEN_TOPICS);
}

/**
 * Reads a `Last-Event-ID`.
 * @param topicCount how many topics the stream has, and the id so as well
 * @returns a position for each topic; undefined where the text is no id of such a stream
 */
export function parsePositions(id: string, topicCount: number): readonly Position[] | undefined {
  if (topicCount > MAX_STREAM_TOPICS) return undefined;
  const positions: Position[] = [];
  for (const part of id.split(BETWEEN_TOPICS, topicCount + 1)) {
    const [, epoch, offset] = POSITION.exec(part) ?? [];
    if (epoch === undefined || !Number.isSafeInteger(Number(offset))) return undefined;
    positions.push({ epoch, offset: Number(offset) });
  }
  return positions.length === topicCount ? positions : undefined;
}
