import fc, { type Arbitrary } from "fast-check";
import { z } from "zod";
import type { ApiDescription, Credential, Operation, Parameter } from "./description.ts";
import { anyJson, JsonTexts, noJson } from "./json-texts.ts";
import { type ApiRequest, type Body, type Caller, type Field, isDots } from "./request.ts";
import { respectsDependencies } from "./verdict.ts";

// Requests for an operation, made up from what is described of it: such as fit, and such as don't.

const CONTENT_TYPES = [
  "application/json",
  "application/json",
  "application/json",
  "application/json; charset=utf-8",
  "Application/JSON ;charset=x",
  "application/jsonx",
  "application/json-patch+json",
  "text/plain",
  "",
  undefined,
];
const MAX_VALUE_CHARS = 600;
const MAX_HEAD_BYTES = 10_000;
const MALFORMED = ["%", "%zz", "%ff", "%c3", "%ed%a0%80"];
/** What nobody's key or token is. Dots make something look like a token. */
const WRONG = [
  "",
  "x",
  "undefined",
  "a.b.c",
  "eyJhbGciOiJub25lIn0.e30.",
  "..",
  "\xff\xfe",
  "x y",
  "\t",
  "'\"",
  "k".repeat(3000),
];

const toBytes = (text: string): string => Buffer.from(text).toString("latin1");

function encodeAll(text: string): string {
  return toBytes(text).replace(/[\s\S]/g, (byte) => `%${byte.charCodeAt(0).toString(16).padStart(2, "0")}`);
}

/** The text of a parameter's value, not too long: strings as they are, without quotes. */
function plainText(json: string): string {
  const value: unknown = JSON.parse(json);
  // Bun itself refuses a head that is too long, and not as the document says.
  return (typeof value === "string" ? value : json).slice(0, MAX_VALUE_CHARS);
}

/** The texts of an array's items; of what is no array, or is nested too deep to be written again, its own. */
function itemTexts(json: string): string[] {
  try {
    const items = z.array(z.unknown()).parse(JSON.parse(json));
    return items.map((item) => (typeof item === "string" ? item : JSON.stringify(item)));
  } catch {
    return [json];
  }
}

function percentEncoded(text: Arbitrary<string>, breaks: boolean): Arbitrary<string> {
  return fc.oneof(
    { weight: 8, arbitrary: text.map((each) => encodeURIComponent(each.toWellFormed())) },
    { weight: 2, arbitrary: text.map(encodeAll) },
    { weight: breaks ? 1 : 0, arbitrary: fc.constantFrom(...MALFORMED) },
  );
}

/** What a header can carry of a text: no control character, and no space at its ends. */
function headerText(text: string): string {
  return toBytes(text)
    .replace(/[^\t -~\x80-\xff]/g, "")
    .trim();
}

/** A parameter's fields: one, for an array one for each item; none where it is left out; more where it is repeated. */
function fieldsOf(parameter: Parameter, texts: JsonTexts, breaks: boolean): Arbitrary<readonly Field[]> {
  const { in: place, name, required, schema } = parameter;
  const sent = (text: Arbitrary<string>) => (place === "header" ? text.map(headerText) : percentEncoded(text, breaks));
  const field = (text: string): Field => ({ in: place, name, text });
  const one =
    schema.type === "array" && schema.items !== undefined
      ? texts.of(schema).chain((json) => {
          const each = itemTexts(json).map((text) => sent(fc.constant(text)));
          return fc.tuple(...each).map((all) => all.map(field));
        })
      : sent(texts.of(schema).map(plainText)).map((text) => [field(text)]);
  if (place === "path") return one;
  const isLeftOut = { weight: required ? (breaks ? 1 : 0) : 10, arbitrary: fc.constant([]) };
  const isRepeated = { weight: breaks ? 1 : 0, arbitrary: fc.tuple(one, one).map((both) => both.flat()) };
  return fc.oneof({ weight: 8, arbitrary: one }, isLeftOut, isRepeated);
}

function credentialsOf(credentials: readonly Credential[], { key }: Caller): Arbitrary<readonly Field[]> {
  if (credentials.length === 0) return fc.constant([]);
  const presented = (value: Arbitrary<string>) =>
    fc.tuple(fc.constantFrom(...credentials), value).map(([{ in: place, name, prefix }, text]): Field => {
      return { in: place, name, text: place === "query" ? encodeAll(text) : headerText(prefix + text) };
    });
  const wrong = fc.oneof(
    presented(fc.oneof(fc.constantFrom(...WRONG), fc.string())),
    fc.constantFrom("", "Basic eDp4", "Bearer", "bearer  ", "Bearer \xff", "Digest", key ?? "k").map((text): Field => {
      return { in: "header", name: "Authorization", text };
    }),
  );
  const right = presented(fc.constant(key ?? ""));
  return fc.oneof(
    { weight: 8, arbitrary: key === undefined ? fc.constant([]) : right.map((field) => [field]) },
    { weight: 1, arbitrary: fc.constant([]) },
    { weight: 1, arbitrary: wrong.map((field) => [field]) },
    { weight: 1, arbitrary: fc.tuple(wrong, right) },
  );
}

function bodiesOf({ body }: Operation, texts: JsonTexts, breaks: boolean): Arbitrary<Body | undefined> {
  const chunked = fc.boolean();
  const usual = { contentType: fc.constant("application/json"), chunked };
  const stray = fc.record({ ...usual, bytes: anyJson.map(toBytes) });
  if (body === undefined) {
    return fc.oneof({ weight: 9, arbitrary: fc.constant(undefined) }, { weight: breaks ? 1 : 0, arbitrary: stray });
  }
  const text = texts.of(body.schema);
  const spaced = fc.tuple(fc.constantFrom("", "\n", " \t"), text).map(([space, json]) => space + json + space);
  const fitting = fc.record({ ...usual, bytes: spaced.map(toBytes) });
  if (!breaks) return fitting;
  const cut = fc.tuple(text, fc.nat(200)).map(([json, end]) => toBytes(json).slice(0, end));
  const notUtf8 = text.map((json) => `${toBytes(json).slice(0, -1)}\xff}`);
  return fc.oneof(
    { weight: 8, arbitrary: fitting },
    {
      weight: 2,
      arbitrary: fc.record({ contentType: fc.constantFrom(...CONTENT_TYPES), bytes: text.map(toBytes), chunked }),
    },
    { weight: 2, arbitrary: fc.record({ ...usual, bytes: fc.oneof(noJson.map(toBytes), cut, notUtf8) }) },
    { weight: 1, arbitrary: stray },
    { weight: 1, arbitrary: fc.constant(undefined) },
  );
}

/** Parameters that nothing is said of. */
const unknownFields: Arbitrary<readonly Field[]> = fc.oneof(
  { weight: 8, arbitrary: fc.constant([]) },
  {
    weight: 1,
    arbitrary: fc.constantFrom("x", "__proto__", "%zz", "%00", "", "=", "&&", "a[]", "topic[]").map((name): Field[] => {
      return [{ in: "query", name, text: "1" }];
    }),
  },
);

function requests(
  operation: Operation,
  { resolve }: ApiDescription,
  caller: Caller,
  breaks: boolean,
): Arbitrary<ApiRequest> {
  const texts = new JsonTexts(resolve, breaks);
  const parameters = fc.tuple(...operation.parameters.map((each) => fieldsOf(each, texts, breaks)));
  return fc
    .record({
      operation: fc.constant(operation),
      fields: fc.tuple(parameters, breaks ? unknownFields : fc.constant([])).map((parts) => parts.flat(2)),
      credentials: credentialsOf(operation.credentials, caller),
      body: bodiesOf(operation, texts, breaks),
    })
    .filter(({ fields }) => breaks || respectsDependencies(operation, fields))
    .filter(({ fields }) => !fields.some((field) => field.in === "path" && isDots(field.text)))
    .filter(
      ({ fields }) => fields.reduce((sum, { name, text }) => sum + name.length + text.length, 0) < MAX_HEAD_BYTES,
    );
}

/** Requests for an operation: half of them are meant to fit its description, and the others to break it somewhere. */
export function requestsFor(operation: Operation, description: ApiDescription, caller: Caller): Arbitrary<ApiRequest> {
  return fc.oneof(requests(operation, description, caller, false), requests(operation, description, caller, true));
}
