import type { ErrorCode } from "./errors.ts";
import { skipString } from "./json-scanner.ts";
import type { Info, ServerMessage } from "./messages.ts";

// Server messages are built as text. What a client or a topic gave as JSON (`…Json`) is spliced in as it is, so
// that payloads stay byte for byte and nothing is encoded twice. A test checks every one against the schema.

/** An event as it was encoded, and what it takes to find its parts again. */
interface EncodedEvent {
  readonly topic: { readonly nameJson: string };
  readonly offset: number;
  readonly text: string;
}

function requestIdMember(requestIdJson: string | undefined): string {
  return requestIdJson === undefined ? "" : `"request_id":${requestIdJson},`;
}

/** An event, encoded once for all its subscribers. */
export function encodeEvent(topicJson: string, idJson: string, payloadJson: string, offset: number, ts: string) {
  return `{"type":"event","topic":${topicJson},"message":{"id":${idJson},"payload":${payloadJson}},"offset":${offset},"ts":"${ts}"}`;
}

const BEFORE_ID = '{"type":"event","topic":'.length + ',"message":{"id":'.length;
const BEFORE_PAYLOAD = ',"payload":'.length;
const TS_LENGTH = "2025-01-15T10:00:00.123Z".length;

/** The publisher's own JSON texts in an encoded event, and its time: cut out again, where few ever ask for them. */
export function eventParts({ offset, text, topic }: EncodedEvent) {
  const idStart = BEFORE_ID + topic.nameJson.length;
  const idEnd = skipString(text, idStart);
  const tsEnd = text.length - '"}'.length;
  const payloadEnd = tsEnd - TS_LENGTH - `},"offset":${offset},"ts":"`.length;
  return {
    idJson: text.slice(idStart, idEnd),
    payloadJson: text.slice(idEnd + BEFORE_PAYLOAD, payloadEnd),
    ts: text.slice(tsEnd - TS_LENGTH, tsEnd),
  };
}

/** An event as the history shows it. */
export function encodeHistoryEntry(event: EncodedEvent) {
  const { idJson, payloadJson, ts } = eventParts(event);
  return `{"offset":${event.offset},"id":${idJson},"payload":${payloadJson},"ts":"${ts}"}`;
}

/** The answer to a publish; `offset` is the event's own, or that of the one that it would have repeated. */
export function encodePublishAck(
  requestIdJson: string | undefined,
  topicJson: string,
  offset: number,
  duplicate: boolean,
  ts: string,
) {
  return `{"type":"ack",${requestIdMember(requestIdJson)}"topic":${topicJson},"status":"ok","offset":${offset},${duplicate ? '"duplicate":true,' : ""}"ts":"${ts}"}`;
}

/** What the ack of a subscribe tells: the topic's incarnation and newest offset, and how a resume went. */
export interface Joined {
  readonly epoch: string;
  readonly offset: number;
  /** Undefined where the request asked for no resume. */
  readonly recovered: boolean | undefined;
}

/** The answer to a subscribe. */
export function encodeSubscribeAck(requestIdJson: string | undefined, topicJson: string, joined: Joined, ts: string) {
  const recovered = joined.recovered === undefined ? "" : `"recovered":${joined.recovered},`;
  return `{"type":"ack",${requestIdMember(requestIdJson)}"topic":${topicJson},"status":"ok","epoch":${JSON.stringify(joined.epoch)},"offset":${joined.offset},${recovered}"ts":"${ts}"}`;
}

/** The answer to an unsubscribe. */
export function encodeUnsubscribeAck(requestIdJson: string | undefined, topicJson: string, ts: string) {
  return `{"type":"ack",${requestIdMember(requestIdJson)}"topic":${topicJson},"status":"ok","ts":"${ts}"}`;
}

/** The answer to a refresh; `expiresAt` is when the new token ends. */
export function encodeRefreshAck(requestIdJson: string | undefined, expiresAt: string, ts: string) {
  return `{"type":"ack",${requestIdMember(requestIdJson)}"status":"ok","expires_at":"${expiresAt}","ts":"${ts}"}`;
}

/** The answer to a ping; `server` is the random name of the server's process. */
export function encodePong(requestIdJson: string | undefined, server: string, ts: string) {
  return `{"type":"pong",${requestIdMember(requestIdJson)}"server":"${server}","ts":"${ts}"}`;
}

/** The answer to what was refused; also the last word to a slow consumer. */
export function encodeError(requestIdJson: string | undefined, code: ErrorCode, message: string, ts: string) {
  const error = JSON.stringify({ code, message });
  return `{"type":"error",${requestIdMember(requestIdJson)}"error":${error},"ts":"${ts}"}`;
}

/** A notice that answers no request. */
export function encodeInfo(topic: string | undefined, info: Info, ts: string) {
  const message: ServerMessage = { type: "info", ...(topic === undefined ? {} : { topic }), info, ts };
  return JSON.stringify(message);
}
