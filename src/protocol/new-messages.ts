import { Refusal } from "./errors.ts";
import { explain } from "./explain.ts";
import { skipArray, skipObject, skipSpace, skipValue } from "./json-scanner.ts";
import { MAX_BATCH, type NewMessage, newMessageSchema, newMessagesSchema } from "./messages.ts";
import { keyAt, nameIn, type Span, slice } from "./spans.ts";

// The body of a publish by HTTP, decoded as `decode.ts` decodes one that comes by WebSocket: from the spans of its
// values, so that payloads stay byte for byte. The schema only words refusals; a property test holds the two equal.

// What one pass over an object finds. Kept between calls instead of allocated: decoding is synchronous.
const idSpan: Span = { start: 0, end: -1 };
const payloadSpan: Span = { start: 0, end: -1 };
const listSpan: Span = { start: 0, end: -1 };

const KEYS = ["id", "payload", "messages"] as const;

function skipInto(span: Span, text: string, start: number): number {
  span.start = start;
  span.end = skipValue(text, start);
  return span.end;
}

function visitMember(text: string, keyStart: number, keyEnd: number, start: number): number {
  switch (keyAt(text, keyStart, keyEnd, KEYS)) {
    case "id":
      return skipInto(idSpan, text, start);
    case "payload":
      return skipInto(payloadSpan, text, start);
    case "messages":
      return skipInto(listSpan, text, start);
    default:
      return skipValue(text, start);
  }
}

/** Finds the spans of an object, none where the value is something else; returns the index just past it. */
function scan(text: string, start: number): number {
  idSpan.end = -1;
  payloadSpan.end = -1;
  listSpan.end = -1;
  return text[start] === "{" ? skipObject(text, start, visitMember) : skipValue(text, start);
}

/** The message that the last scan found, if it is a valid one. */
function scannedMessage(text: string): NewMessage | undefined {
  const payloadJson = slice(text, payloadSpan);
  if (payloadJson === undefined || (idSpan.end >= 0 && nameIn(text, idSpan) === undefined)) return undefined;
  return { idJson: slice(text, idSpan), payloadJson };
}

/** The messages of the list that the last scan found, if all are valid. */
function scannedList(text: string): readonly NewMessage[] | undefined {
  if (idSpan.end >= 0 || payloadSpan.end >= 0) return undefined;
  const messages: NewMessage[] = [];
  let count = 0;
  skipArray(text, listSpan.start, (_, start) => {
    const end = scan(text, start);
    const message = scannedMessage(text);
    if (message !== undefined) messages.push(message);
    count++;
    return end;
  });
  return messages.length === count && count > 0 && count <= MAX_BATCH ? messages : undefined;
}

function refusal(text: string): Refusal {
  const body: unknown = JSON.parse(text);
  const isList = typeof body === "object" && body !== null && "messages" in body;
  const result = (isList ? newMessagesSchema : newMessageSchema).safeParse(body, { reportInput: true });
  if (!result.success) return new Refusal("BAD_REQUEST", explain(result.error));
  throw new Error("the decoder refused messages that the schema accepts");
}

/**
 * Decodes the body of a publish by HTTP: one message, or a list of them.
 * @param text well-formed JSON that is nested no deeper than a request may be (`isAcceptableJson`)
 * @returns the messages, at least one and at most `MAX_BATCH`; or why the body is refused, whole
 */
export function decodeNewMessages(text: string): readonly NewMessage[] | Refusal {
  scan(text, skipSpace(text, 0));
  if (listSpan.end >= 0) return scannedList(text) ?? refusal(text);
  const message = scannedMessage(text);
  return message === undefined ? refusal(text) : [message];
}
