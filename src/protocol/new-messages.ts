import { Refusal } from "./errors.ts";
import { explain } from "./explain.ts";
import { skipArray, skipObject, skipSpace, skipValue } from "./json-scanner.ts";
import { MAX_BATCH, newMessageSchema, newMessagesSchema } from "./messages.ts";
import type { NewMessage } from "./requests.ts";
import { isNameIn, keyAt, keysOf, type Span } from "./spans.ts";

// The body of a publish by HTTP, decoded as `decode.ts` decodes one that comes by WebSocket: from the places of its
// values, so that payloads stay byte for byte. The schema only words refusals; a property test holds the two equal.

// What one pass over an object finds. Kept between calls instead of allocated: decoding is synchronous.
const idSpan: Span = { start: 0, end: -1 };
const payloadSpan: Span = { start: 0, end: -1 };
const listSpan: Span = { start: 0, end: -1 };

const OPEN_BRACE = 123;
const KEYS = keysOf("id", "payload", "messages");

function skipInto(span: Span, bytes: Buffer, start: number, end: number): number {
  span.start = start;
  span.end = skipValue(bytes, start, end);
  return span.end;
}

function visitMember(bytes: Buffer, keyStart: number, keyEnd: number, start: number, end: number): number {
  switch (keyAt(bytes, keyStart, keyEnd, KEYS)) {
    case "id":
      return skipInto(idSpan, bytes, start, end);
    case "payload":
      return skipInto(payloadSpan, bytes, start, end);
    case "messages":
      return skipInto(listSpan, bytes, start, end);
    case undefined:
      return skipValue(bytes, start, end);
  }
}

/** Finds the spans of an object, none where the value is something else; returns the index just past it. */
function scan(bytes: Buffer, start: number, end: number): number {
  idSpan.end = -1;
  payloadSpan.end = -1;
  listSpan.end = -1;
  return bytes[start] === OPEN_BRACE ? skipObject(bytes, start, end, visitMember) : skipValue(bytes, start, end);
}

/** The message that the last scan found, if it is a valid one. */
function scannedMessage(bytes: Buffer): NewMessage | undefined {
  if (payloadSpan.end < 0 || (idSpan.end >= 0 && !isNameIn(bytes, idSpan))) return undefined;
  return {
    bytes,
    idStart: idSpan.start,
    idEnd: idSpan.end,
    payloadStart: payloadSpan.start,
    payloadEnd: payloadSpan.end,
  };
}

/** The messages of the list that the last scan found, if all are valid. */
function scannedList(bytes: Buffer): readonly NewMessage[] | undefined {
  if (idSpan.end >= 0 || payloadSpan.end >= 0) return undefined;
  const messages: NewMessage[] = [];
  let count = 0;
  skipArray(bytes, listSpan.start, listSpan.end, (_, start, end) => {
    const elementEnd = scan(bytes, start, end);
    const message = scannedMessage(bytes);
    if (message !== undefined) messages.push(message);
    count++;
    return elementEnd;
  });
  return messages.length === count && count > 0 && count <= MAX_BATCH ? messages : undefined;
}

function refusal(bytes: Buffer): Refusal {
  const body: unknown = JSON.parse(bytes.toString());
  const isList = typeof body === "object" && body !== null && "messages" in body;
  const result = (isList ? newMessagesSchema : newMessageSchema).safeParse(body, { reportInput: true });
  if (!result.success) return new Refusal("BAD_REQUEST", explain(result.error));
  throw new Error("the decoder refused messages that the schema accepts");
}

/**
 * Decodes the body of a publish by HTTP: one message, or a list of them.
 * @param bytes well-formed JSON that is nested no deeper than a request may be (`isAcceptableJson`)
 * @returns the messages, at least one and at most `MAX_BATCH`; or why the body is refused, whole
 */
export function decodeNewMessages(bytes: Buffer): readonly NewMessage[] | Refusal {
  scan(bytes, skipSpace(bytes, 0, bytes.length), bytes.length);
  if (listSpan.end >= 0) return scannedList(bytes) ?? refusal(bytes);
  const message = scannedMessage(bytes);
  return message === undefined ? refusal(bytes) : [message];
}
