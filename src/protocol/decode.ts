import { type Block, blockOf, textBlock } from "../bytes/block.ts";
import { equals } from "../bytes/words.ts";
import { explain } from "./explain.ts";
import { deepestNesting, skipObject, skipSpace, skipValue } from "./json-scanner.ts";
import { isRequestId, MAX_NESTING, MAX_REQUEST_ID_CHARS } from "./limits.ts";
import { clientMessageSchema } from "./messages.ts";
import type { PublishMemo } from "./publish-memo.ts";
import type { ClientMessage, InvalidRequest, PublishRequest } from "./requests.ts";
import { isNameIn, isPlainString, keyAt, keysOf, type Span, slice, stringValue } from "./spans.ts";

// A publish is decoded from the places of its values, in one pass over the bytes and with no object built for its
// payload; every other request, and every invalid one, goes through the schema, which also words the refusal.
// A property test (decode.property.test.ts) holds the two equal.

// What one pass over a request finds. Kept between calls instead of allocated: decoding is synchronous.
const typeSpan: Span = { start: 0, end: -1 };
const topicSpan: Span = { start: 0, end: -1 };
const requestIdSpan: Span = { start: 0, end: -1 };
const idSpan: Span = { start: 0, end: -1 };
const payloadSpan: Span = { start: 0, end: -1 };
const dedupeSpan: Span = { start: 0, end: -1 };
/** The values in which the publishes of one client differ. */
const PUBLISH_SPANS: readonly Span[] = [topicSpan, idSpan, payloadSpan, requestIdSpan];
let nesting = 0;

function skipInto(span: Span, bytes: Buffer, start: number, end: number, depth: number): number {
  span.start = start;
  span.end = skipNested(bytes, start, end, depth);
  return span.end;
}

function skipNested(bytes: Buffer, start: number, end: number, depth: number): number {
  const valueEnd = skipValue(bytes, start, end);
  if (depth + deepestNesting > nesting) nesting = depth + deepestNesting;
  return valueEnd;
}

const REQUEST_KEYS = keysOf("type", "topic", "message", "request_id", "dedupe");
const MESSAGE_KEYS = keysOf("id", "payload");

function visitMember(bytes: Buffer, keyStart: number, keyEnd: number, start: number, end: number): number {
  switch (keyAt(bytes, keyStart, keyEnd, REQUEST_KEYS)) {
    case "type":
      return skipInto(typeSpan, bytes, start, end, 1);
    case "topic":
      return skipInto(topicSpan, bytes, start, end, 1);
    case "request_id":
      return skipInto(requestIdSpan, bytes, start, end, 1);
    case "dedupe":
      return skipInto(dedupeSpan, bytes, start, end, 1);
    case "message":
      // With duplicate keys the last one wins, whole: nothing of an earlier message may remain.
      idSpan.end = -1;
      payloadSpan.end = -1;
      if (bytes[start] !== OPEN_BRACE) return skipNested(bytes, start, end, 1);
      nesting = Math.max(nesting, 2);
      return skipObject(bytes, start, end, visitMessageMember);
    case undefined:
      return skipNested(bytes, start, end, 1);
  }
}

function visitMessageMember(bytes: Buffer, keyStart: number, keyEnd: number, start: number, end: number): number {
  switch (keyAt(bytes, keyStart, keyEnd, MESSAGE_KEYS)) {
    case "id":
      return skipInto(idSpan, bytes, start, end, 2);
    case "payload":
      return skipInto(payloadSpan, bytes, start, end, 2);
    case undefined:
      return skipNested(bytes, start, end, 2);
  }
}

const OPEN_BRACE = 123;
const PUBLISH_JSON = textBlock('"publish"');
const TRUE_JSON = textBlock("true");
const FALSE_JSON = textBlock("false");

/** Finds the spans; returns whether the bytes are one well-formed JSON object. */
function scan(bytes: Buffer, start: number, end: number): boolean {
  typeSpan.end = -1;
  topicSpan.end = -1;
  requestIdSpan.end = -1;
  idSpan.end = -1;
  payloadSpan.end = -1;
  dedupeSpan.end = -1;
  nesting = 1;
  const objectEnd = skipObject(bytes, skipSpace(bytes, start, end), end, visitMember);
  return objectEnd >= 0 && skipSpace(bytes, objectEnd, end) === end;
}

/** Whether the request id that was found is a valid one. */
function hasRequestId(bytes: Buffer): boolean {
  const length = requestIdSpan.end - requestIdSpan.start - 2;
  if (requestIdSpan.end >= 0 && length <= MAX_REQUEST_ID_CHARS && isPlainString(bytes, requestIdSpan)) return true;
  const id = stringValue(slice(bytes, requestIdSpan));
  return id !== undefined && isRequestId(id);
}

/** The request id's JSON text if it is a valid one, so that refusals can echo it too. */
function requestIdJson(bytes: Buffer): string | undefined {
  return hasRequestId(bytes) ? slice(bytes, requestIdSpan) : undefined;
}

/** Whether a span holds this text and nothing else. */
function holds(bytes: Buffer, { end, start }: Span, text: Block): boolean {
  return equals(text, blockOf(bytes), start, end);
}

/** The publish that the spans describe, if its values are valid. */
function publishOfSpans(bytes: Buffer, dedupe: boolean, memo: PublishMemo): PublishRequest | undefined {
  if (!isNameIn(bytes, idSpan)) return undefined;
  if (requestIdSpan.end >= 0 && !hasRequestId(bytes)) return undefined;
  const topic = memo.topicIn(bytes, topicSpan);
  if (topic === undefined) return undefined;
  return {
    type: "publish",
    topic,
    bytes,
    idStart: idSpan.start,
    idEnd: idSpan.end,
    payloadStart: payloadSpan.start,
    payloadEnd: payloadSpan.end,
    requestIdStart: requestIdSpan.start,
    requestIdEnd: requestIdSpan.end,
    dedupe,
  };
}

/** The request if it is a publish with nothing wrong. */
function decodePublish(bytes: Buffer, start: number, end: number, memo: PublishMemo): PublishRequest | undefined {
  if (topicSpan.end < 0 || idSpan.end < 0 || payloadSpan.end < 0) return undefined;
  const dedupe = dedupeSpan.end >= 0 && holds(bytes, dedupeSpan, TRUE_JSON);
  if (dedupeSpan.end >= 0 && !dedupe && !holds(bytes, dedupeSpan, FALSE_JSON)) return undefined;
  const publish = publishOfSpans(bytes, dedupe, memo);
  if (publish !== undefined) memo.learn(bytes, start, end, PUBLISH_SPANS, dedupe);
  return publish;
}

/** The publish if it looks like those that the client sent before; undefined says nothing about it. */
function decodeKnownPublish(bytes: Buffer, start: number, end: number, memo: PublishMemo): PublishRequest | undefined {
  requestIdSpan.end = -1;
  return memo.match(bytes, start, end) ? publishOfSpans(bytes, memo.dedupe, memo) : undefined;
}

/** Whether the request calls itself a publish. */
function isPublish(bytes: Buffer): boolean {
  if (typeSpan.end < 0) return false;
  return holds(bytes, typeSpan, PUBLISH_JSON) || stringValue(slice(bytes, typeSpan)) === "publish";
}

function invalid(message: string, requestId: string | undefined): InvalidRequest {
  return { type: "invalid", message, requestIdJson: requestId };
}

type Schema = ReturnType<typeof clientMessageSchema>;

function decodeBySchema(bytes: Buffer, start: number, end: number, schema: Schema): ClientMessage {
  const requestId = requestIdJson(bytes);
  const result = schema.safeParse(JSON.parse(bytes.toString("utf8", start, end)), { reportInput: true });
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

/**
 * Turns the UTF-8 text of a message, at `start` to `end` of the bytes, into a request. It never throws for what a
 * client sends. A publish refers to the bytes and is valid only as long as they are. `memo` is of the client's own, and
 * only makes it faster.
 */
export type Decode = (bytes: Buffer, start: number, end: number, memo: PublishMemo) => ClientMessage;

/**
 * Makes the decoder.
 * @param maxLastN the most that `last_n` may ask for (`-ring-buffer-size`)
 */
export function createDecoder(maxLastN: number): Decode {
  const schema = clientMessageSchema(maxLastN);
  return (bytes, start, end, memo) => {
    const known = decodeKnownPublish(bytes, start, end, memo);
    if (known !== undefined) return known;
    if (!scan(bytes, start, end)) return invalid("the message must be one JSON object", undefined);
    if (nesting > MAX_NESTING) {
      return invalid(`the message is nested deeper than ${MAX_NESTING} levels`, requestIdJson(bytes));
    }
    const publish = isPublish(bytes) ? decodePublish(bytes, start, end, memo) : undefined;
    return publish ?? decodeBySchema(bytes, start, end, schema);
  };
}

/**
 * Whether the bytes are well-formed JSON nested no deeper than a request may be. For bodies that a library parses
 * afterwards: its parser would take a hundred times as long for a text that is nothing but brackets.
 */
export function isAcceptableJson(bytes: Buffer): boolean {
  const end = skipValue(bytes, skipSpace(bytes, 0, bytes.length), bytes.length);
  return end >= 0 && deepestNesting <= MAX_NESTING && skipSpace(bytes, end, bytes.length) === bytes.length;
}
