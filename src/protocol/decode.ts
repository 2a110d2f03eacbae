import { explain } from "./explain.ts";
import { deepestNesting, skipObject, skipSpace, skipValue } from "./json-scanner.ts";
import { isRequestId, MAX_NESTING, MAX_REQUEST_ID_CHARS } from "./limits.ts";
import { type ClientMessage, clientMessageSchema, type InvalidRequest } from "./messages.ts";
import { isPlainString, keyAt, nameIn, type Span, slice, stringValue } from "./spans.ts";

// A publish is decoded from the spans of its values, in one pass over the text and with no object built for its
// payload; every other request, and every invalid one, goes through the schema, which also words the refusal.
// A property test (decode.test.ts) holds the two equal.

const PUBLISH_JSON = '"publish"';

// What one pass over a request finds. Kept between calls instead of allocated: decoding is synchronous.
const typeSpan: Span = { start: 0, end: -1 };
const topicSpan: Span = { start: 0, end: -1 };
const requestIdSpan: Span = { start: 0, end: -1 };
const idSpan: Span = { start: 0, end: -1 };
const payloadSpan: Span = { start: 0, end: -1 };
const dedupeSpan: Span = { start: 0, end: -1 };
let nesting = 0;

function skipInto(span: Span, text: string, start: number, depth: number): number {
  span.start = start;
  span.end = skipNested(text, start, depth);
  return span.end;
}

function skipNested(text: string, start: number, depth: number): number {
  const end = skipValue(text, start);
  nesting = Math.max(nesting, depth + deepestNesting);
  return end;
}

const KEYS = ["type", "topic", "message", "request_id", "id", "payload", "dedupe"] as const;

function visitMember(text: string, keyStart: number, keyEnd: number, start: number): number {
  switch (keyAt(text, keyStart, keyEnd, KEYS)) {
    case "type":
      return skipInto(typeSpan, text, start, 1);
    case "topic":
      return skipInto(topicSpan, text, start, 1);
    case "request_id":
      return skipInto(requestIdSpan, text, start, 1);
    case "dedupe":
      return skipInto(dedupeSpan, text, start, 1);
    case "message":
      // With duplicate keys the last one wins, whole: nothing of an earlier message may shine through.
      idSpan.end = -1;
      payloadSpan.end = -1;
      if (text[start] !== "{") return skipNested(text, start, 1);
      nesting = Math.max(nesting, 2);
      return skipObject(text, start, visitMessageMember);
    default:
      return skipNested(text, start, 1);
  }
}

function visitMessageMember(text: string, keyStart: number, keyEnd: number, start: number): number {
  switch (keyAt(text, keyStart, keyEnd, KEYS)) {
    case "id":
      return skipInto(idSpan, text, start, 2);
    case "payload":
      return skipInto(payloadSpan, text, start, 2);
    default:
      return skipNested(text, start, 2);
  }
}

/** Finds the spans; returns whether the text is one well-formed JSON object. */
function scan(text: string): boolean {
  typeSpan.end = -1;
  topicSpan.end = -1;
  requestIdSpan.end = -1;
  idSpan.end = -1;
  payloadSpan.end = -1;
  dedupeSpan.end = -1;
  nesting = 1;
  const end = skipObject(text, skipSpace(text, 0), visitMember);
  return end >= 0 && skipSpace(text, end) === text.length;
}

/** The request id's JSON text if it is a valid one, so that refusals can echo it too. */
function requestIdJson(text: string): string | undefined {
  const json = slice(text, requestIdSpan);
  const isShort = requestIdSpan.end - requestIdSpan.start - 2 <= MAX_REQUEST_ID_CHARS;
  if (isShort && isPlainString(text, requestIdSpan)) return json;
  const id = stringValue(json);
  return id !== undefined && isRequestId(id) ? json : undefined;
}

/** The request if it is a publish with nothing wrong. */
function decodePublish(text: string): ClientMessage | undefined {
  const topic = nameIn(text, topicSpan);
  const idJson = slice(text, idSpan);
  const payloadJson = slice(text, payloadSpan);
  if (topic === undefined || idJson === undefined || payloadJson === undefined) return undefined;
  if (nameIn(text, idSpan) === undefined) return undefined;
  const requestId = requestIdSpan.end < 0 ? undefined : requestIdJson(text);
  if (requestId === undefined && requestIdSpan.end >= 0) return undefined;
  const dedupe = dedupeSpan.end < 0 ? "false" : slice(text, dedupeSpan);
  if (dedupe !== "true" && dedupe !== "false") return undefined;
  return { type: "publish", topic, idJson, payloadJson, dedupe: dedupe === "true", requestIdJson: requestId };
}

/** Whether the request calls itself a publish. */
function isPublish(text: string): boolean {
  const { end, start } = typeSpan;
  if (end - start === PUBLISH_JSON.length && text.startsWith(PUBLISH_JSON, start)) return true;
  return stringValue(slice(text, typeSpan)) === "publish";
}

function invalid(message: string, requestId: string | undefined): InvalidRequest {
  return { type: "invalid", message, requestIdJson: requestId };
}

type Schema = ReturnType<typeof clientMessageSchema>;

function decodeBySchema(text: string, schema: Schema): ClientMessage {
  const requestId = requestIdJson(text);
  const result = schema.safeParse(JSON.parse(text), { reportInput: true });
  if (!result.success) return invalid(explain(result.error), requestId);
  const request = result.data;
  switch (request.type) {
    case "subscribe":
      return {
        type: "subscribe",
        topic: request.topic,
        clientId: request.client_id,
        lastN: request.last_n ?? 0,
        since: request.since,
        requestIdJson: requestId,
      };
    case "unsubscribe":
      return { type: "unsubscribe", topic: request.topic, clientId: request.client_id, requestIdJson: requestId };
    case "ping":
      return { type: "ping", requestIdJson: requestId };
    case "refresh":
      return { type: "refresh", token: request.token, requestIdJson: requestId };
    case "publish":
      // decodePublish takes every valid publish, so the two disagree: a defect of ours, not of the client.
      throw new Error("the fast decoder refused a publish that the schema accepts");
  }
}

/** Turns a text message into a request; never throws for what a client sends. */
export type Decode = (text: string) => ClientMessage;

/**
 * Makes the decoder.
 * @param maxLastN the most that `last_n` may ask for (`-ring-buffer-size`)
 */
export function createDecoder(maxLastN: number): Decode {
  const schema = clientMessageSchema(maxLastN);
  return (text) => {
    if (!scan(text)) return invalid("the message must be one JSON object", undefined);
    if (nesting > MAX_NESTING) {
      return invalid(`the message is nested deeper than ${MAX_NESTING} levels`, requestIdJson(text));
    }
    const publish = isPublish(text) ? decodePublish(text) : undefined;
    return publish ?? decodeBySchema(text, schema);
  };
}

/**
 * Whether `text` is well-formed JSON nested no deeper than a request may be. For bodies that a library parses
 * afterwards: its parser would take a hundred times as long for a text that is nothing but brackets.
 */
export function isAcceptableJson(text: string): boolean {
  const end = skipValue(text, skipSpace(text, 0));
  return end >= 0 && deepestNesting <= MAX_NESTING && skipSpace(text, end) === text.length;
}
