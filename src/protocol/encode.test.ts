import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { encodedDraft, encodedEvent } from "../../test/support/encoded-event.ts";
import { SEED } from "../../test/support/seed.ts";
import { newBlock } from "../bytes/block.ts";
import { createDecoder } from "./decode.ts";
import {
  encodeEnd,
  encodeError,
  encodeInfo,
  encodePong,
  encodeSubscribeAck,
  encodeUnsubscribeAck,
  TopicEncoder,
} from "./encode.ts";
import { ERROR_CODES } from "./errors.ts";
import { isRequestId, isTopicName } from "./limits.ts";
import { serverMessageSchema } from "./messages.ts";
import { PublishMemo } from "./publish-memo.ts";

const TS = "2025-01-15T10:00:00.123Z";
const RUNS = { seed: SEED, numRuns: 500 };

const unit = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom(..."a/ \"\\\u2028é€😀'{}[]:,") },
  {
    weight: 1,
    arbitrary: fc.nat({ max: 0xffff }).map((c) => String.fromCharCode(c)),
  },
);
const names = fc.string({ unit, minLength: 1, maxLength: 60 }).filter(isTopicName);
const requestIds = fc.option(
  fc.string({ unit, maxLength: 256, size: "max" }).filter((id) => isRequestId(id) && id.isWellFormed()),
  { nil: undefined },
);
const offsets = fc.nat({ max: Number.MAX_SAFE_INTEGER });

const decode = createDecoder(0);

/** The ack of a publish as the server writes it; throws where its length is not the one that was announced. */
function encodePublishAck(requestIdJson: string | undefined, topicJson: string, offset: number, isDuplicate: boolean) {
  const id = requestIdJson === undefined ? "" : `"request_id":${requestIdJson},`;
  const bytes = Buffer.from(`{"type":"publish",${id}"topic":${topicJson},"message":{"id":"m","payload":0}}`);
  const request = decode(bytes, 0, bytes.length, new PublishMemo());
  if (request.type !== "publish") throw new Error(`decoded as ${request.type}`);
  const encoder = new TopicEncoder(topicJson);
  const target = newBlock(Buffer.alloc(encoder.ackLength(request, offset, isDuplicate)));
  const end = encoder.writeAck(target, 0, request, offset, isDuplicate, encodeEnd(TS));
  if (end !== target.bytes.length) throw new Error(`the ack ends at ${end} instead of ${target.bytes.length}`);
  return target.bytes.toString();
}

function jsonOf(requestId: string | undefined): string | undefined {
  return requestId === undefined ? undefined : JSON.stringify(requestId);
}

/** What the text says, which must be what the schema of server messages says, and nothing besides. */
function read(text: string): unknown {
  const message: unknown = JSON.parse(text);
  const parsed: unknown = serverMessageSchema.parse(message);
  expect(parsed).toEqual(message);
  return message;
}

describe(`encoders (seed ${SEED})`, () => {
  test("an event carries the topic, the id and the payload as they were given", () => {
    fc.assert(
      fc.property(names, names, fc.json(), offsets, (topic, id, payloadJson, offset) => {
        const text = encodedEvent(JSON.stringify(topic), JSON.stringify(id), payloadJson, offset, TS);
        expect(text).toContain(`"payload":${payloadJson}}`);
        expect(read(text)).toEqual({
          type: "event",
          topic,
          message: { id, payload: JSON.parse(payloadJson) },
          offset,
          ts: TS,
        });
      }),
      RUNS,
    );
  });

  test("an event is the same, however the publisher wrote the two", () => {
    const before = fc.constantFrom(',"payload":', ', "payload":', ',"payload" :', ',"\\u0070ayload":', "");
    fc.assert(
      fc.property(names, fc.json(), before, offsets, fc.boolean(), (id, payloadJson, between, offset, isReversed) => {
        const idJson = JSON.stringify(id);
        const bytes = Buffer.from(isReversed ? payloadJson + between + idJson : idJson + between + payloadJson);
        const [idLength, payloadLength] = [Buffer.byteLength(idJson), Buffer.byteLength(payloadJson)];
        const idStart = isReversed ? bytes.length - idLength : 0;
        const payloadStart = isReversed ? 0 : bytes.length - payloadLength;
        const places = { idStart, idEnd: idStart + idLength, payloadStart, payloadEnd: payloadStart + payloadLength };
        expect(encodedDraft('"t"', { bytes, ...places }, offset, TS)).toBe(
          encodedEvent('"t"', idJson, payloadJson, offset, TS),
        );
      }),
      RUNS,
    );
  });

  test("acks echo the request id, and have no key for one that was not given", () => {
    fc.assert(
      fc.property(requestIds, names, offsets, (requestId, topic, offset) => {
        const echoed = requestId === undefined ? {} : { request_id: requestId };
        const ack = { type: "ack", ...echoed, topic, status: "ok", ts: TS };
        const [idJson, topicJson] = [jsonOf(requestId), JSON.stringify(topic)];
        expect(read(encodePublishAck(idJson, topicJson, offset, false))).toStrictEqual({ ...ack, offset });
        expect(read(encodePublishAck(idJson, topicJson, offset, true))).toStrictEqual({
          ...ack,
          offset,
          duplicate: true,
        });
        expect(read(encodeUnsubscribeAck(idJson, topicJson, TS))).toStrictEqual(ack);
        expect(read(encodePong(idJson, "s1", 100, TS))).toStrictEqual({
          type: "pong",
          ...echoed,
          server: "s1",
          max_last_n: 100,
          ts: TS,
        });
      }),
      RUNS,
    );
  });

  test("the ack of a subscribe tells epoch, offset and, where a resume was asked for, how it went", () => {
    fc.assert(
      fc.property(
        requestIds,
        names,
        offsets,
        fc.option(fc.boolean(), { nil: undefined }),
        (id, topic, offset, recovered) => {
          const joined = { epoch: 'e"1', offset, recovered };
          expect(read(encodeSubscribeAck(jsonOf(id), JSON.stringify(topic), joined, TS))).toStrictEqual({
            type: "ack",
            ...(id === undefined ? {} : { request_id: id }),
            topic,
            status: "ok",
            epoch: 'e"1',
            offset,
            ...(recovered === undefined ? {} : { recovered }),
            ts: TS,
          });
        },
      ),
      RUNS,
    );
  });

  test("errors carry any words", () => {
    fc.assert(
      fc.property(requestIds, fc.constantFrom(...ERROR_CODES), fc.string({ unit }), (requestId, code, message) => {
        expect(read(encodeError(jsonOf(requestId), code, message, TS))).toStrictEqual({
          type: "error",
          ...(requestId === undefined ? {} : { request_id: requestId }),
          error: { code, message },
          ts: TS,
        });
      }),
      RUNS,
    );
  });

  test("infos name their topic, if they concern one", () => {
    fc.assert(
      fc.property(names, fc.string({ unit }), fc.integer({ min: 1 }), offsets, (topic, message, dropped, from) => {
        const loss = { code: "MESSAGES_DROPPED", message, dropped, from_offset: from, to_offset: from } as const;
        expect(read(encodeInfo(topic, loss, TS))).toStrictEqual({ type: "info", topic, info: loss, ts: TS });
        const end = { code: "SERVER_SHUTDOWN", message } as const;
        expect(read(encodeInfo(undefined, end, TS))).toStrictEqual({ type: "info", info: end, ts: TS });
      }),
      RUNS,
    );
  });
});
