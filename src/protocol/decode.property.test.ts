import fc from "fast-check";
import { describe, expect, test, vi } from "vitest";
import { z } from "zod";
import { type Decoded, decodeText } from "../../test/support/decoded.ts";
import { SEED } from "../../test/support/seed.ts";
import { createDecoder } from "./decode.ts";
import { MAX_NESTING } from "./limits.ts";
import { clientMessageSchema, type WireRequest } from "./messages.ts";
import { PublishMemo } from "./publish-memo.ts";

// The decoder scans where the schema parses. Here random requests, valid and not, show that both understand the same.

const MAX_LAST_N = 10;
const schema = clientMessageSchema(MAX_LAST_N);
const decoder = createDecoder(MAX_LAST_N);

/** Levels of nesting, counted the plain way: brackets outside strings. */
function depthOf(json: string): number {
  let depth = 0;
  let deepest = 0;
  for (const [bracket] of json.replace(/"(?:[^"\\]|\\.)*"/gs, "").matchAll(/[[\]{}]/g)) {
    depth += bracket === "[" || bracket === "{" ? 1 : -1;
    deepest = Math.max(deepest, depth);
  }
  return deepest;
}

interface Reference {
  /** The request, if it is acceptable. */
  readonly request: WireRequest | undefined;
  /** The request id that an answer must echo, acceptable or not. */
  readonly requestId: string | undefined;
}

const withRequestId = z.looseObject({ request_id: z.string().refine((id) => [...id].length <= 256) });

function understand(text: string): Reference {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return { request: undefined, requestId: undefined };
  }
  const requestId = withRequestId.safeParse(value).data?.request_id;
  return { request: depthOf(text) > MAX_NESTING ? undefined : schema.safeParse(value).data, requestId };
}

/** What was decoded, put as it stands on the wire. */
function onTheWire(decoded: Exclude<Decoded, { type: "invalid" }>): unknown {
  const id = decoded.requestIdJson === undefined ? {} : { request_id: JSON.parse(decoded.requestIdJson) };
  switch (decoded.type) {
    case "subscribe": {
      const { clientId, lastN, since, topic } = decoded;
      return { type: "subscribe", topic, client_id: clientId, last_n: lastN, since, ...id };
    }
    case "unsubscribe":
      return { type: "unsubscribe", topic: decoded.topic, client_id: decoded.clientId, ...id };
    case "publish": {
      const message = { id: JSON.parse(decoded.idJson), payload: JSON.parse(decoded.payloadJson) };
      return { type: "publish", topic: decoded.topic, message, dedupe: decoded.dedupe, ...id };
    }
    case "ping":
      return { type: "ping", ...id };
    case "refresh":
      return { type: "refresh", token: decoded.token, ...id };
  }
}

function withDefaults(request: WireRequest): WireRequest {
  if (request.type === "subscribe") return { ...request, last_n: request.last_n ?? 0 };
  return request.type === "publish" ? { ...request, dedupe: request.dedupe ?? false } : request;
}

/** Whether the request was acceptable, to both. */
function compare(units: string): boolean {
  // A message is UTF-8, which has no place for half a character.
  const text = units.toWellFormed();
  const { request, requestId } = understand(text);
  const decoded = decodeText(decoder, text);
  expect(decoded.requestIdJson === undefined ? undefined : JSON.parse(decoded.requestIdJson)).toBe(requestId);
  if (request === undefined || decoded.type === "invalid") {
    expect(decoded.type === "invalid").toBe(request === undefined);
    return false;
  }
  expect(onTheWire(decoded)).toEqual(withDefaults(request));
  if (decoded.type === "publish") expect(text).toContain(decoded.payloadJson);
  return true;
}

/** Random choices; fast-check repeats and shrinks them. */
type Choose = <T>(arbitrary: fc.Arbitrary<T>) => T;

const oneIn = (n: number) => fc.nat({ max: n - 1 }).map((k) => k === 0);
const rarely = oneIn(12);
const sometimes = oneIn(4);
const spaces = fc.constantFrom("", "", "", " ", "\n\t", "\r\n ");
const anyUnit = fc.nat({ max: 0xffff }).map((c) => String.fromCharCode(c));
const units = fc.oneof(
  { weight: 8, arbitrary: fc.constantFrom(..."abtd_ /é€'") },
  { weight: 1, arbitrary: fc.constantFrom('"', "\\", "😀", "\n", "\u0000", "\u007f", "\u2028") },
  { weight: 1, arbitrary: anyUnit },
);
const strings = fc.oneof(
  { weight: 10, arbitrary: fc.string({ unit: units, maxLength: 8 }) },
  {
    weight: 1,
    arbitrary: fc.constantFrom("", ".", "..", "__proto__", "a".repeat(255), "é".repeat(128), "😀".repeat(256)),
  },
  { weight: 1, arbitrary: fc.integer({ min: 250, max: 260 }).map((n) => "r".repeat(n)) },
);
const scalars = fc.constantFrom(
  ...["null", "true", "false", "0", "-0", "1", "7", "10", "11", "-1", "1.0", "1.5", "1e1", "1e400", "-1E-2"],
  ...["9007199254740991", "9007199254740993", "9223372036854775807", '""', '"x"', "[]", "{}", "[1,[2]]", '{"a":{}}'],
);
const depths = fc.constantFrom(997, 998, 999, 1000, 1001, 5000);
const typeNames = fc.constantFrom("subscribe", "unsubscribe", "publish", "ping", "refresh");

/** The JSON text of a string, with some of its characters as escapes. */
function quote(text: string, g: Choose): string {
  const json = JSON.stringify(text);
  if (!g(rarely)) return json;
  const escaped = [...Array(text.length).keys()].map((i) => {
    const hex = text.charCodeAt(i).toString(16).padStart(4, "0");
    return g(fc.boolean())
      ? `\\u${g(fc.boolean()) ? hex : hex.toUpperCase()}`
      : JSON.stringify(text.charAt(i)).slice(1, -1);
  });
  return `"${escaped.join("")}"`;
}

function anyValue(g: Choose): string {
  if (g(sometimes)) return quote(g(strings), g);
  if (g(oneIn(60))) {
    const depth = g(depths);
    return "[".repeat(depth) + "]".repeat(depth);
  }
  return g(sometimes) ? g(fc.json({ maxDepth: 3 })) : g(scalars);
}

type Maker = (g: Choose) => string;

function object(makers: Record<string, Maker>, g: Choose): string {
  const members: string[] = [];
  for (const [key, make] of Object.entries(makers)) {
    if (g(rarely)) continue;
    if (g(rarely)) members.push(`${quote(key, g)}:${anyValue(g)}`);
    members.push(`${quote(key, g)}${g(spaces)}:${g(spaces)}${g(rarely) ? anyValue(g) : make(g)}`);
  }
  if (g(sometimes)) {
    const key = g(fc.constantFrom("__proto__", "extra", "id", "topic ", "toString"));
    members.splice(g(fc.nat({ max: members.length })), 0, `${quote(key, g)}:${anyValue(g)}`);
  }
  const shuffled = g(sometimes) ? members.reverse() : members;
  return `{${g(spaces)}${shuffled.join(`${g(spaces)},${g(spaces)}`)}${g(spaces)}}`;
}

const string: Maker = (g) => quote(g(strings), g);
const message: Maker = (g) => object({ id: string, payload: anyValue }, g);
const since: Maker = (g) => object({ epoch: string, offset: (choose) => choose(fc.nat()).toString() }, g);
const lastN: Maker = (g) => g(fc.integer({ min: -1, max: MAX_LAST_N + 1 })).toString();

function request(g: Choose): string {
  const type = g(typeNames);
  const makers: Record<string, Maker> = { type: (choose) => quote(type, choose) };
  if (type !== "ping" && type !== "refresh") makers["topic"] = string;
  if (type === "refresh") makers["token"] = string;
  if (type === "subscribe" || type === "unsubscribe") makers["client_id"] = string;
  if (type === "publish") makers["message"] = message;
  if (type === "publish" && g(sometimes)) makers["dedupe"] = (choose) => choose(fc.constantFrom("true", "false"));
  if (type === "subscribe" && g(sometimes)) makers["last_n"] = lastN;
  if (type === "subscribe" && g(sometimes)) makers["since"] = since;
  if (g(sometimes)) makers["request_id"] = string;
  return g(spaces) + object(makers, g) + g(spaces);
}

/** Publishes that are written alike, now and then others, and some that were damaged on their way. */
function publishesOfOneClient(g: Choose): string[] {
  const shape = publishShape(g);
  return Array.from({ length: g(fc.integer({ min: 2, max: 12 })) }, () => {
    const text = g(rarely) ? publishShape(g)(g) : shape(g);
    return g(sometimes) ? mutate(text, g) : text;
  });
}

/** A way to write publishes: only the values differ. */
function publishShape(g: Choose): Maker {
  const value =
    (valid: Maker): Maker =>
    (choose) =>
      choose(oneIn(20)) ? anyValue(choose) : valid(choose);
  const topics = [string(g), string(g)];
  const topic = value((choose) => choose(fc.constantFrom(...topics)));
  const message = members({ id: value(string), payload: anyValue }, g);
  const own: Record<string, Maker> = { type: () => '"publish"', topic, message };
  if (g(sometimes)) own["dedupe"] = value((choose) => choose(fc.constantFrom("true", "false")));
  if (g(fc.boolean())) own["request_id"] = value(string);
  if (g(oneIn(20))) own["extra"] = () => "x".repeat(250);
  return members(own, g);
}

/** An object whose keys, their order and the spaces between them are always the same. */
function members(makers: Record<string, Maker>, g: Choose): Maker {
  const all = Object.entries(makers).map(([key, make]) => ({ key: quote(key, g), make, space: g(spaces) }));
  if (g(sometimes)) all.reverse();
  if (g(rarely)) all.push(...all.slice(0, 1));
  return (choose) =>
    `{${all.map(({ key, make, space }) => `${key}${space}:${make(choose)}`).join(`${all[0]?.space},`)}}`;
}

/** Pieces that mean something in JSON, or look as if they did. */
const pieces = fc.constantFrom(
  ...['"', "\\", "{", "}", "[", "]", ",", ":", "0", "1", "-", ".", "e", "null", "\\u0074", "\\ud800", "\\x", "//"],
  ...[
    " ",
    "\n",
    "\u0000",
    "\u00a0",
    "\ufeff",
    "\v",
    '"topic":5,',
    '"message":{},',
    '"payload":1,',
    '"request_id":"r",',
  ],
);

function mutate(text: string, g: Choose): string {
  let changed = text;
  for (let edits = g(fc.integer({ min: 1, max: 3 })); edits > 0; edits--) {
    const at = g(fc.nat({ max: changed.length }));
    if (g(oneIn(8))) changed = changed.slice(0, at);
    else
      changed = changed.slice(0, at) + (g(fc.boolean()) ? g(pieces) : "") + changed.slice(at + g(fc.nat({ max: 2 })));
  }
  return changed;
}

// Shrinking what fails can take for ever: then the best so far is reported.
const RUNS = { seed: SEED, numRuns: 5000, interruptAfterTimeLimit: 15_000 };

describe(`the decoder and the schema (seed ${SEED})`, () => {
  test("agree on requests of all types, with wrong, missing, duplicate and escaped members", () => {
    const outcomes = { accepted: 0, refused: 0 };
    const texts = fc.gen().map((g) => request((arbitrary) => g(() => arbitrary)));
    fc.assert(
      fc.property(texts, (text) => {
        outcomes[compare(text) ? "accepted" : "refused"]++;
      }),
      RUNS,
    );
    // Otherwise the property would say little.
    expect(outcomes.accepted).toBeGreaterThan(1000);
    expect(outcomes.refused).toBeGreaterThan(1000);
  }, 60_000);

  test("agree on requests that were damaged on their way", () => {
    const outcomes = { accepted: 0, refused: 0 };
    const texts = fc.gen().map((g) => {
      const choose: Choose = (arbitrary) => g(() => arbitrary);
      return mutate(request(choose), choose);
    });
    fc.assert(
      fc.property(texts, (text) => {
        outcomes[compare(text) ? "accepted" : "refused"]++;
      }),
      RUNS,
    );
    expect(outcomes.accepted).toBeGreaterThan(200);
    expect(outcomes.refused).toBeGreaterThan(1000);
  }, 60_000);

  test("agree on texts that are no requests at all", () => {
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: anyUnit }), fc.json(), pieces), (text) => void compare(text)),
      {
        seed: SEED,
        numRuns: 1000,
      },
    );
  });

  test("agree, whatever a client has published before", () => {
    let matches = 0;
    fc.assert(
      fc.property(
        fc.gen().map((g) => publishesOfOneClient((arbitrary) => g(() => arbitrary))),
        (texts) => {
          const memo = new PublishMemo();
          const match = vi.spyOn(memo, "match");
          for (const units of texts) {
            const text = units.toWellFormed();
            expect(decodeText(decoder, text, undefined, memo)).toEqual(decodeText(decoder, text));
          }
          matches += match.mock.results.filter(({ value }) => value === true).length;
        },
      ),
      { ...RUNS, numRuns: 1500 },
    );
    expect(matches).toBeGreaterThan(1000);
  }, 60_000);
});
