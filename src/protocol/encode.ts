import { type Block, blockOf, newBlock, textBlock } from "../bytes/block.ts";
import { digitCount, writeDecimal } from "../bytes/decimal.ts";
import { copy } from "../bytes/words.ts";
import type { ErrorCode } from "./errors.ts";
import type { Info, ServerMessage } from "./messages.ts";
import type { NewMessage, PublishRequest } from "./requests.ts";

// Server messages are JSON texts. What a client or a topic gave as JSON (`…Json`) is spliced in as it is, so that payloads
// stay byte for byte and nothing is encoded twice. The two messages of every publish, its event and its ack, are written
// as bytes. A test checks every message against the schema.

/** An event as it was encoded, and what it takes to find its parts again. */
export interface EncodedEvent {
  readonly topic: { readonly nameJson: string };
  readonly offset: number;
  readonly text: string;
}

/** A time stamp's length, such as `2025-01-15T10:00:00.123Z`. */
const TS_LENGTH = 24;
const BEFORE_PAYLOAD = textBlock(',"payload":');
const BEFORE_EVENT_OFFSET = textBlock('},"offset":');
const ACK_START = textBlock('{"type":"ack","request_id":');
const ACK_START_WITHOUT_ID = textBlock('{"type":"ack"');
const DUPLICATE = textBlock(',"duplicate":true');
const BEFORE_TS = ',"ts":"';
const AFTER_TS = '"}';
const END_LENGTH = BEFORE_TS.length + TS_LENGTH + AFTER_TS.length;
const BEFORE_ID = ',"message":{"id":';
const EVENT_START = '{"type":"event","topic":';

/** The end of every message, which is its time stamp, as bytes. */
export function encodeEnd(ts: string): Block {
  return textBlock(BEFORE_TS + ts + AFTER_TS);
}

/** Writes another time stamp into an end. */
export function changeEnd(end: Block, ts: string): void {
  end.bytes.write(ts, BEFORE_TS.length, "latin1");
}

function copyAll(target: Block, at: number, text: Block): number {
  return copy(target, at, text, 0, text.bytes.length);
}

/** Writes the messages of one topic as bytes: what is always the same is encoded once. */
export class TopicEncoder {
  /** What an event begins with, and what stands in an ack between the request id and the offset. */
  readonly #texts: Block;
  readonly #eventStartLength: number;
  readonly #ackMiddleLength: number;

  /** @param topicJson the topic's name as JSON text */
  constructor(topicJson: string) {
    const eventStart = Buffer.from(EVENT_START + topicJson + BEFORE_ID);
    const ackMiddle = Buffer.from(`,"topic":${topicJson},"status":"ok","offset":`);
    this.#texts = newBlock(Buffer.concat([eventStart, ackMiddle]));
    this.#eventStartLength = eventStart.length;
    this.#ackMiddleLength = ackMiddle.length;
  }

  /** The length of the event that `writeEvent` writes. */
  eventLength({ idEnd, idStart, payloadEnd, payloadStart }: NewMessage, offset: number): number {
    const fixed = BEFORE_PAYLOAD.bytes.length + BEFORE_EVENT_OFFSET.bytes.length + END_LENGTH;
    return this.#eventStartLength + (idEnd - idStart) + (payloadEnd - payloadStart) + digitCount(offset) + fixed;
  }

  /** Writes an event, encoded once for all its subscribers; `end` is of `encodeEnd`. Returns the index behind it. */
  writeEvent(target: Block, start: number, message: NewMessage, offset: number, end: Block): number {
    const { idEnd, idStart, payloadEnd, payloadStart } = message;
    const source = blockOf(message.bytes);
    let at = copy(target, start, this.#texts, 0, this.#eventStartLength);
    // Most publishers write the two as an event has them, with just the key between them: one copy instead of three.
    if (payloadStart - idEnd === BEFORE_PAYLOAD.bytes.length) {
      at = copy(target, at, source, idStart, payloadEnd);
    } else {
      at = copy(target, at, source, idStart, idEnd);
      at = copyAll(target, at, BEFORE_PAYLOAD);
      at = copy(target, at, source, payloadStart, payloadEnd);
    }
    at = copyAll(target, at, BEFORE_EVENT_OFFSET);
    at = writeDecimal(target.bytes, at, offset);
    return copy(target, at, end, 0, END_LENGTH);
  }

  /** The length of the ack that `writeAck` writes. */
  ackLength({ requestIdEnd, requestIdStart }: PublishRequest, offset: number, isDuplicate: boolean): number {
    const start =
      requestIdEnd < 0 ? ACK_START_WITHOUT_ID.bytes.length : ACK_START.bytes.length + requestIdEnd - requestIdStart;
    const duplicate = isDuplicate ? DUPLICATE.bytes.length : 0;
    return start + this.#ackMiddleLength + digitCount(offset) + duplicate + END_LENGTH;
  }

  /** Writes the reply to a publish; `offset` is the event's own, or that of the one that it would have repeated. */
  writeAck(target: Block, start: number, request: PublishRequest, offset: number, isDuplicate: boolean, end: Block) {
    let at = start;
    if (request.requestIdEnd < 0) {
      at = copyAll(target, at, ACK_START_WITHOUT_ID);
    } else {
      at = copyAll(target, at, ACK_START);
      at = copy(target, at, blockOf(request.bytes), request.requestIdStart, request.requestIdEnd);
    }
    at = copy(target, at, this.#texts, this.#eventStartLength, this.#eventStartLength + this.#ackMiddleLength);
    at = writeDecimal(target.bytes, at, offset);
    if (isDuplicate) at = copyAll(target, at, DUPLICATE);
    return copy(target, at, end, 0, END_LENGTH);
  }
}

function requestIdMember(requestIdJson: string | undefined): string {
  return requestIdJson === undefined ? "" : `"request_id":${requestIdJson},`;
}

/** A JSON string at the place where the search starts. */
const STRING = /"(?:[^"\\]|\\.)*"/y;

/** The publisher's own JSON texts in an encoded event, and its time. */
export function eventParts({ offset, text, topic }: EncodedEvent) {
  const idStart = EVENT_START.length + topic.nameJson.length + BEFORE_ID.length;
  STRING.lastIndex = idStart;
  STRING.test(text);
  const idEnd = STRING.lastIndex;
  const tsEnd = text.length - AFTER_TS.length;
  const payloadEnd = tsEnd - TS_LENGTH - BEFORE_TS.length - digitCount(offset) - BEFORE_EVENT_OFFSET.bytes.length;
  return {
    idJson: text.slice(idStart, idEnd),
    payloadJson: text.slice(idEnd + BEFORE_PAYLOAD.bytes.length, payloadEnd),
    ts: text.slice(tsEnd - TS_LENGTH, tsEnd),
  };
}

/** An event as the history shows it. */
export function encodeHistoryEntry(event: EncodedEvent) {
  const { idJson, payloadJson, ts } = eventParts(event);
  return `{"offset":${event.offset},"id":${idJson},"payload":${payloadJson},"ts":"${ts}"}`;
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
export function encodePong(requestIdJson: string | undefined, server: string, maxLastN: number, ts: string) {
  return `{"type":"pong",${requestIdMember(requestIdJson)}"server":"${server}","max_last_n":${maxLastN},"ts":"${ts}"}`;
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
