import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { SEED } from "../../test/support/seed.ts";
import { Refusal } from "./errors.ts";
import { MAX_BATCH, newMessageSchema, newMessagesSchema } from "./messages.ts";
import { decodeNewMessages } from "./new-messages.ts";

/** What a body is decoded to, as JSON texts. */
function decoded(body: string) {
  const messages = decodeNewMessages(Buffer.from(body));
  if (messages instanceof Refusal) return messages;
  return messages.map(({ bytes, idEnd, idStart, payloadEnd, payloadStart }) => ({
    idJson: idEnd < 0 ? undefined : bytes.toString("utf8", idStart, idEnd),
    payloadJson: bytes.toString("utf8", payloadStart, payloadEnd),
  }));
}

const PAYLOAD = '{ "n":9007199254740993,"big":1e400,"z":-0.0,"a":"\\u0041","b":[ ] }';

describe("the body of a publish by HTTP", () => {
  test("is one message or a list of them, with payloads and ids byte for byte", () => {
    expect(decoded(` {"payload" : ${PAYLOAD} , "id":"\\u0069d"} `)).toEqual([
      { idJson: '"\\u0069d"', payloadJson: PAYLOAD },
    ]);
    expect(decoded(`{"messages":[{"payload":${PAYLOAD}}, {"id":"b","payload":null}]}`)).toEqual([
      { idJson: undefined, payloadJson: PAYLOAD },
      { idJson: '"b"', payloadJson: "null" },
    ]);
  });

  test("counts the last of two equal keys, whole, and reads keys that are written with escapes", () => {
    expect(decoded('{"payload":1,"id":"a","p\\u0061yload":2,"id":"b"}')).toEqual([{ idJson: '"b"', payloadJson: "2" }]);
    expect(decoded('{"messages":[{"payload":1}],"messages":[{"payload":2}]}')).toEqual([
      { idJson: undefined, payloadJson: "2" },
    ]);
  });

  test("may hold as many messages as the limit says and no more", () => {
    const body = (count: number) => `{"messages":[${Array(count).fill('{"payload":0}').join()}]}`;
    expect(decoded(body(MAX_BATCH))).toHaveLength(MAX_BATCH);
    expect(decoded(body(MAX_BATCH + 1))).toBeInstanceOf(Refusal);
  });

  test.each([
    ["{}", "payload: is required"],
    ["5", "Invalid input: expected object, received number"],
    ["[]", "Invalid input: expected object, received array"],
    ['{"id":"","payload":1}', /^id: must be a string of 1 to 255 bytes/],
    ['{"id":null,"payload":1}', /^id: /],
    ['{"id":5,"payload":1}', /^id: /],
    ['{"messages":[]}', "messages: must be a list of 1 to 1000 messages"],
    ['{"messages":{}}', "messages: must be a list of 1 to 1000 messages"],
    ['{"messages":null}', "messages: must be a list of 1 to 1000 messages"],
    ['{"messages":[{"payload":1},{"id":"a"}]}', "messages.1.payload: is required"],
    ['{"messages":[{"payload":1},7]}', /^messages\.1: /],
    ['{"messages":[{"payload":1}],"payload":1}', "payload: has no place beside messages"],
    ['{"messages":[{"payload":1}],"id":"a"}', "id: has no place beside messages"],
  ])("is refused whole if it is %s", (text, message) => {
    const refused = decoded(text);
    expect(refused).toBeInstanceOf(Refusal);
    expect(refused).toMatchObject({ code: "BAD_REQUEST", message: expect.stringMatching(message) });
  });

  test(`is taken just where the schema takes it (seed ${SEED})`, () => {
    const key = fc.constantFrom("id", "payload", "messages", "other");
    const id = fc.oneof(fc.string({ maxLength: 4 }), fc.string({ minLength: 250, maxLength: 260 }), fc.integer());
    const message = fc.oneof(fc.record({ id, payload: fc.jsonValue() }, { requiredKeys: [] }), fc.jsonValue());
    const body = fc.oneof(
      message,
      fc.record({ messages: fc.array(message, { maxLength: 4 }), payload: fc.jsonValue() }, { requiredKeys: [] }),
      fc.dictionary(key, fc.oneof(id, message, fc.array(message, { maxLength: 3 }))),
    );
    const isList = (value: unknown) => typeof value === "object" && value !== null && "messages" in value;
    fc.assert(
      fc.property(body, (value) => {
        const schema = isList(value) ? newMessagesSchema : newMessageSchema;
        const taken = !(decoded(JSON.stringify(value)) instanceof Refusal);
        expect(taken).toBe(schema.safeParse(JSON.parse(JSON.stringify(value))).success);
      }),
      { seed: SEED, numRuns: 2000 },
    );
  });
});
