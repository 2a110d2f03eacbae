import type { ErrorCode } from "./errors.ts";
import type { Info, ServerMessage } from "./messages.ts";

// Server messages are built as text. What a client or a topic gave as JSON (`…Json`) is spliced in as it is, so
// that payloads stay byte for byte and nothing is encoded twice. A test checks every one against the schema.

function requestIdMember(requestIdJson: string | undefined): string {
  return requestIdJson === undefined ? "" : `"request_id":${requestIdJson},`;
}

/** An event, encoded once for all its subscribers. */
export function encodeEvent(topicJson: string, idJson: string, payloadJson: string, offset: number, ts: string) {
  return `{"type":"event","topic":${topicJson},"message":{"id":${idJson},"payload":${payloadJson}},"offset":${offset},"ts":"${ts}"}`;
}

/** The answer to a publish; `offset` is the event's own. */
export function encodePublishAck(requestIdJson: string | undefined, topicJson: string, offset: number, ts: string) {
  return `{"type":"ack",${requestIdMember(requestIdJson)}"topic":${topicJson},"status":"ok","offset":${offset},"ts":"${ts}"}`;
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

/** The answer to a ping. */
export function encodePong(requestIdJson: string | undefined, ts: string) {
  return `{"type":"pong",${requestIdMember(requestIdJson)}"ts":"${ts}"}`;
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
