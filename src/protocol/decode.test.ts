import { describe, expect, test } from "vitest";
import { ALL_REMAINDERS, type Decoded, decodeText } from "../../test/support/decoded.ts";
import { createDecoder, isAcceptableJson } from "./decode.ts";
import { MAX_NESTING } from "./limits.ts";

const MAX_LAST_N = 100;
const decoder = createDecoder(MAX_LAST_N);

function decode(text: string): Decoded {
  return decodeText(decoder, text);
}

function refusalOf(request: object | string): string {
  const decoded = decode(typeof request === "string" ? request : JSON.stringify(request));
  if (decoded.type === "invalid") return decoded.message;
  throw new Error(`accepted as ${JSON.stringify(decoded)}`);
}

function accepted<T extends Decoded["type"]>(type: T, text: string): Extract<Decoded, { type: T }> {
  const decoded = decode(text);
  if (isOfType(decoded, type)) return decoded;
  throw new Error(`expected ${type}, got ${JSON.stringify(decoded)}`);
}

function isOfType<T extends Decoded["type"]>(message: Decoded, type: T): message is Extract<Decoded, { type: T }> {
  return message.type === type;
}

const subscribe = { type: "subscribe", topic: "t", client_id: "c" };
const publish = { type: "publish", topic: "t", message: { id: "m", payload: 1 } };

function publishWith(payloadJson: string): string {
  return `{"type":"publish","topic":"t","message":{"id":"m","payload":${payloadJson}}}`;
}

describe("a request", () => {
  test.each<[string, Decoded]>([
    [
      '{"type":"subscribe","topic":"t","client_id":"c","last_n":5,"request_id":"r"}',
      { type: "subscribe", topic: "t", clientId: "c", lastN: 5, since: undefined, requestIdJson: '"r"' },
    ],
    [
      '{"type":"unsubscribe","topic":"t","client_id":"c"}',
      { type: "unsubscribe", topic: "t", clientId: "c", requestIdJson: undefined },
    ],
    [
      '{"type":"publish","topic":"t","message":{"id":"m","payload":null},"request_id":""}',
      { type: "publish", topic: "t", idJson: '"m"', payloadJson: "null", dedupe: false, requestIdJson: '""' },
    ],
    ['{"type":"ping"}', { type: "ping", requestIdJson: undefined }],
    [' \t\r\n{ "type" : "ping" }\n', { type: "ping", requestIdJson: undefined }],
  ])("is understood: %j", (text, expected) => {
    expect(decode(text)).toEqual(expected);
  });

  test.each([
    "",
    " ",
    "nothing",
    "null",
    "5",
    '"ping"',
    "[]",
    '[{"type":"ping"}]',
    "{",
    '{"type":"ping"}}',
    "\ufeff{}",
  ])("must be one JSON object, not %j", (text) => {
    expect(refusalOf(text)).toBe("the message must be one JSON object");
  });

  test.each([{}, { type: "hello" }, { type: 5 }, { type: null }, { type: ["ping"] }, { type: "__proto__" }])(
    "must be of a known type, unlike %j",
    (request) => {
      expect(refusalOf(request)).toBe("type must be subscribe, unsubscribe, publish, ping or refresh");
    },
  );

  test("may carry keys that nobody knows", () => {
    expect(accepted("ping", '{"type":"ping","x":{"y":[1]},"__proto__":{"request_id":5}}').requestIdJson).toBe(
      undefined,
    );
    const text = '{"type":"publish","extra":1,"topic":"t","message":{"id":"m","extra":[],"payload":2}}';
    expect(accepted("publish", text).payloadJson).toBe("2");
  });

  test("may have its type and its keys written with escapes", () => {
    expect(accepted("ping", '{"\\u0074ype":"pin\\u0067"}').type).toBe("ping");
    const text = '{"type":"\\u0070ublish","topi\\u0063":"t","mess\\u0061ge":{"i\\u0064":"m","p\\u0061yload":3}}';
    expect(accepted("publish", text)).toMatchObject({ topic: "t", idJson: '"m"', payloadJson: "3" });
  });
});

describe("what stands behind a request in its buffer", () => {
  const REQUESTS = [
    '{"type":"ping"}',
    '{"type":"publish","topic":"t","message":{"id":"m","payload":true},"dedupe":true}',
    '{"type":"publish","topic":"t","dedupe":false,"message":{"id":"m","payload":[1.5e3,"\\u0041"]}}',
    '{"type":"subscribe","topic":"t","client_id":"c","last_n":5}',
  ];

  test("changes nothing of what it means", () => {
    for (const text of REQUESTS) {
      for (const remainder of ALL_REMAINDERS) {
        expect(decodeText(decoder, text, remainder)).toEqual(decodeText(decoder, text, ""));
      }
    }
  });

  test("does not complete it where its end is missing", () => {
    const refused = { type: "invalid", message: "the message must be one JSON object", requestIdJson: undefined };
    for (const text of REQUESTS) {
      for (let length = 0; length < text.length; length++) {
        const [start, rest] = [text.slice(0, length), text.slice(length)];
        for (const remainder of [rest, ...ALL_REMAINDERS]) {
          expect(decodeText(decoder, start, remainder)).toEqual(refused);
        }
      }
    }
  });
});

describe("of duplicate keys", () => {
  test("the last one is validated and delivered, whole", () => {
    const first = '{"type":"ping","type":"publish","topic":5,"topic":"t",';
    const text = `${first}"message":{"id":"old","payload":"old"},"message":{"id":1,"id":"m","payload":1,"payload":2}}`;
    expect(accepted("publish", text)).toMatchObject({ topic: "t", idJson: '"m"', payloadJson: "2" });
  });

  test("the last one wins also when it is the escaped one", () => {
    const text = '{"type":"publish","topic":"a","\\u0074opic":"b","message":{"id":"m","payload":1,"\\u0070ayload":2}}';
    expect(accepted("publish", text)).toMatchObject({ topic: "b", payloadJson: "2" });
  });

  test("nothing of an earlier message shines through the last one", () => {
    const start = '{"type":"publish","topic":"t","message":{"id":"m","payload":1},';
    expect(refusalOf(`${start}"message":{"id":"n"}}`)).toBe("message.payload: is required");
    expect(refusalOf(`${start}"message":{"payload":2}}`)).toBe("message.id: is required");
    expect(refusalOf(`${start}"message":null}`)).toMatch(/^message: /);
  });

  test("the last one refuses the request, if it is the invalid one", () => {
    expect(refusalOf('{"type":"publish","topic":"t","topic":5,"message":{"id":"m","payload":1}}')).toMatch(/^topic: /);
    expect(decode('{"type":"ping","request_id":"a","request_id":5}')).toMatchObject({
      type: "invalid",
      requestIdJson: undefined,
    });
  });
});

describe("a payload", () => {
  test.each([
    "null",
    "false",
    '""',
    "9223372036854775807",
    "0.1000000000000000055511151231257827021181583404541015625",
    "1e400",
    "-0.0E+5",
    '"\\u0041\\/\\ud83d\\ude00\\ud800 é 😀 \u2028"',
    '{"b":1,"a":{"__proto__":[ 1 , 2 ]},"b":3}',
    '{ "deep" :\n[ [ ]\t] }',
  ])("is taken byte for byte: %j", (payloadJson) => {
    expect(accepted("publish", publishWith(payloadJson)).payloadJson).toBe(payloadJson);
    expect(accepted("publish", publishWith(` \n${payloadJson}\t`)).payloadJson).toBe(payloadJson);
  });

  test.each(["01", "1.", ".5", "+1", "NaN", "'a'", '"\\x"', '"\u0001"', "[1,]", '{"a":1,}', "tru", ""])(
    "must be JSON, unlike %s",
    (payloadJson) => {
      expect(refusalOf(publishWith(payloadJson))).toBe("the message must be one JSON object");
    },
  );

  test("must be there, while null is one", () => {
    expect(refusalOf({ ...publish, message: { id: "m" } })).toBe("message.payload: is required");
    expect(accepted("publish", publishWith("null")).payloadJson).toBe("null");
  });
});

describe("nesting", () => {
  // The request and its message are two levels.
  function nested(levels: number): string {
    const inner = levels - 2;
    return publishWith("[".repeat(inner) + "]".repeat(inner)).replace("{", '{"request_id":"r",');
  }

  test("may be 1,000 levels deep", () => {
    expect(MAX_NESTING).toBe(1000);
    expect(accepted("publish", nested(1000)).payloadJson).toHaveLength(1996);
  });

  test("of 1,001 levels is refused, and the refusal echoes the request id", () => {
    const message = "the message is nested deeper than 1000 levels";
    expect(decode(nested(1001))).toEqual({ type: "invalid", message, requestIdJson: '"r"' });
  });

  test("counts in unknown keys, in other types of requests and in what a duplicate key replaces", () => {
    const deep = `${'{"a":'.repeat(1000)}1${"}".repeat(1000)}`;
    expect(refusalOf(`{"type":"ping","x":${deep}}`)).toContain("nested deeper");
    expect(refusalOf(publishWith("1").replace("{", `{"message":${deep},`))).toContain("nested deeper");
  });

  test("of 500,000 levels is refused like any other", () => {
    expect(refusalOf(nested(500_000))).toContain("nested deeper");
    expect(refusalOf(publishWith("[".repeat(500_000)))).toBe("the message must be one JSON object");
    expect(refusalOf("[".repeat(500_000))).toBe("the message must be one JSON object");
  });

  test("is not counted in strings", () => {
    expect(accepted("publish", publishWith(`"${"[".repeat(2000)}"`)).type).toBe("publish");
  });
});

describe("names", () => {
  const BAD = [
    "",
    "a".repeat(256),
    "é".repeat(128),
    "a\nb",
    "\u007f",
    "\u0000",
    "\ud800",
    "\udc00x",
    5,
    null,
    true,
    {},
    [],
  ];

  test.each(BAD.map((name) => [name]))("may not be %j", (name) => {
    expect(refusalOf({ ...subscribe, topic: name })).toMatch(/^topic: /);
    expect(refusalOf({ ...subscribe, client_id: name })).toMatch(/^client_id: /);
    expect(refusalOf({ ...subscribe, type: "unsubscribe", topic: name })).toMatch(/^topic: /);
    expect(refusalOf({ ...subscribe, type: "unsubscribe", client_id: name })).toMatch(/^client_id: /);
    expect(refusalOf({ ...publish, topic: name })).toMatch(/^topic: /);
    expect(refusalOf({ ...publish, message: { id: name, payload: 1 } })).toMatch(/^message\.id: /);
  });

  test.each(["a".repeat(255), "a/../b c", "__proto__", "😀", '"\\'])("may be %j", (name) => {
    expect(accepted("subscribe", JSON.stringify({ ...subscribe, topic: name, client_id: name }))).toMatchObject({
      topic: name,
      clientId: name,
    });
    const text = JSON.stringify({ ...publish, topic: name, message: { id: name, payload: 1 } });
    expect(accepted("publish", text)).toMatchObject({ topic: name, idJson: JSON.stringify(name) });
  });

  test.each([".", "..", "\\u002e", "\\u002e."])("may be %s where they are not of topics", (json) => {
    const request = (topic: string, other: string) =>
      `{"type":"publish","topic":"${topic}","message":{"id":"${other}","payload":1}}`;
    expect(refusalOf(request(json, "m"))).toMatch(/^topic: /);
    expect(refusalOf(`{"type":"subscribe","topic":"${json}","client_id":"c"}`)).toMatch(/^topic: /);
    expect(accepted("publish", request("t", json)).idJson).toBe(`"${json}"`);
    expect(accepted("subscribe", `{"type":"subscribe","topic":"t","client_id":"${json}"}`).topic).toBe("t");
    for (const topic of ["...", ".a", "a.", "..a", "a..b"])
      expect(accepted("publish", request(topic, "m")).topic).toBe(topic);
  });

  test("are required where they are", () => {
    expect(refusalOf({ type: "subscribe", client_id: "c" })).toBe("topic: is required");
    expect(refusalOf({ type: "subscribe", topic: "t" })).toBe("client_id: is required");
    expect(refusalOf({ type: "unsubscribe", topic: "t" })).toBe("client_id: is required");
    expect(refusalOf({ type: "publish", message: publish.message })).toBe("topic: is required");
    expect(refusalOf({ type: "publish", topic: "t" })).toBe("message: is required");
    expect(refusalOf({ ...publish, message: { payload: 1 } })).toBe("message.id: is required");
  });

  test.each([[5], [null], ["m"], [[]], [[1]]])("of messages are in an object, not in %j", (message) => {
    expect(refusalOf({ ...publish, message })).toMatch(/^message/);
  });
});

describe("request_id", () => {
  test.each([
    ["empty", ""],
    ["256 characters", "r".repeat(256)],
    ["256 characters of two UTF-16 units", "😀".repeat(256)],
    ["control characters and half a character", "\n\u0000\ud800"],
  ])("may be %s", (_what, id) => {
    const json = JSON.stringify(id);
    expect(accepted("ping", `{"type":"ping","request_id":${json}}`).requestIdJson).toBe(json);
    expect(decode(JSON.stringify({ ...publish, request_id: id })).requestIdJson).toBe(json);
  });

  test.each([["r".repeat(257)], ["😀".repeat(257)], [5], [null], [["r"]], [{ r: 1 }]])(
    "may not be %j, nor is that echoed",
    (id) => {
      for (const request of [subscribe, { ...subscribe, type: "unsubscribe" }, publish, { type: "ping" }]) {
        const decoded = decode(JSON.stringify({ ...request, request_id: id }));
        expect(decoded).toMatchObject({ type: "invalid", requestIdJson: undefined });
        expect(decoded).toHaveProperty("message", expect.stringMatching(/^request_id: /));
      }
    },
  );

  test.each([
    '{"type":"publish","request_id":"r"}',
    '{"request_id":"r"}',
    '{"type":"hello","\\u0072equest_id":"r"}',
    '{"type":"subscribe","topic":5,"client_id":"c","request_id":"r"}',
  ])("is echoed when the request is invalid otherwise: %s", (text) => {
    expect(decode(text)).toMatchObject({ type: "invalid", requestIdJson: '"r"' });
  });
});

describe("last_n and since", () => {
  test.each([
    ["0", 0],
    ["1.0", 1],
    ["1e1", 10],
    ["100", 100],
  ])("last_n may be %s", (json, lastN) => {
    const text = `{"type":"subscribe","topic":"t","client_id":"c","last_n":${json}}`;
    expect(accepted("subscribe", text).lastN).toBe(lastN);
  });

  test.each(["-1", "1.5", "101", '"5"', "null", "true", "[]", "{}", "1e400", "-1e400", "9007199254740993"])(
    "last_n may not be %s",
    (json) => {
      const text = `{"type":"subscribe","topic":"t","client_id":"c","last_n":${json}}`;
      expect(refusalOf(text)).toBe("last_n: must be an integer from 0 to 100");
    },
  );

  test("last_n goes as far as the ring does", () => {
    const without = createDecoder(0);
    const lastN = (n: number) => JSON.stringify({ ...subscribe, last_n: n });
    expect(decodeText(without, lastN(0)).type).toBe("subscribe");
    expect(decodeText(without, lastN(1)).type).toBe("invalid");
    expect(decodeText(createDecoder(5000), lastN(5000)).type).toBe("subscribe");
  });

  test("since is a position", () => {
    const text = JSON.stringify({ ...subscribe, since: { epoch: "e", offset: 7, more: 1 } });
    expect(accepted("subscribe", text)).toMatchObject({ lastN: 0, since: { epoch: "e", offset: 7 } });
    expect(accepted("subscribe", text.replace("7", "0")).since).toEqual({ epoch: "e", offset: 0 });
    expect(accepted("subscribe", JSON.stringify(subscribe)).since).toBe(undefined);
  });

  test.each([
    [{}],
    [{ epoch: "e" }],
    [{ offset: 1 }],
    [{ epoch: 5, offset: 1 }],
    [{ epoch: "e", offset: "1" }],
    [{ epoch: "e", offset: -1 }],
    [{ epoch: "e", offset: 1.5 }],
    [{ epoch: "e", offset: 2 ** 53 }],
    [{ epoch: "e".repeat(65), offset: 1 }],
    [[]],
    [null],
    ["e"],
    [5],
  ])("since may not be %j", (since) => {
    expect(refusalOf({ ...subscribe, since })).toMatch(/^since/);
  });

  test("since and last_n exclude each other, even where last_n is 0", () => {
    const since = { epoch: "e", offset: 1 };
    expect(refusalOf({ ...subscribe, since, last_n: 5 })).toBe("since and last_n exclude each other");
    expect(refusalOf({ ...subscribe, since, last_n: 0 })).toBe("since and last_n exclude each other");
  });
});

describe("isAcceptableJson", () => {
  test("takes well-formed JSON of an acceptable depth, and nothing else", () => {
    expect(isAcceptableJson(Buffer.from(' {"a":[1]}\n'))).toBe(true);
    expect(isAcceptableJson(Buffer.from("5"))).toBe(true);
    expect(isAcceptableJson(Buffer.from("[".repeat(1000) + "]".repeat(1000)))).toBe(true);
    expect(isAcceptableJson(Buffer.from("[".repeat(1001) + "]".repeat(1001)))).toBe(false);
    expect(isAcceptableJson(Buffer.from("[".repeat(500_000)))).toBe(false);
    expect(isAcceptableJson(Buffer.from(""))).toBe(false);
    expect(isAcceptableJson(Buffer.from("{} {}"))).toBe(false);
  });
});
