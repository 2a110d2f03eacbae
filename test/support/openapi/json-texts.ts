import fc, { type Arbitrary } from "fast-check";
import type { JsonSchema } from "./description.ts";

// JSON as text, made up from a schema: as text because the numbers, escapes and double keys that matter most are lost
// in values. What is made need not fit; a validator tells what does.

const NUMBERS = [
  "0",
  "-0",
  "1",
  "-1",
  "0.5",
  "1e0",
  "1e400",
  "-1E-400",
  "2147483648",
  "9007199254740993",
  "9223372036854775807",
  "-9223372036854775808",
  "18446744073709551616",
  "0.1000000000000000055511151231257827",
];
/** Texts that programs stumble over: in every place where a text may stand. */
const STRINGS = [
  "",
  " ",
  "__proto__",
  "constructor",
  "null",
  "a/b",
  "..",
  "%00",
  "é",
  "😀",
  "\u0000",
  "\n",
  "\ud800",
  "'\"`$<>",
];
const NEVER_JSON = [
  "",
  "nul",
  "NaN",
  "Infinity",
  "01",
  "1.",
  "'a'",
  '"',
  '"\\x"',
  '"\n"',
  "[1,]",
  "{a:1}",
  "{",
  "]",
  "1 2",
  "\u0000",
];

const anyString = fc.oneof(
  fc.constantFrom(...STRINGS),
  fc.string({ maxLength: 20 }),
  fc.string({ unit: "binary", maxLength: 20 }),
  fc.string({ unit: "grapheme", maxLength: 300, size: "max" }),
);

function escaped(text: string): string {
  const unit = (i: number) => `\\u${text.charCodeAt(i).toString(16).padStart(4, "0")}`;
  return `"${Array.from({ length: text.length }, (_, i) => unit(i)).join("")}"`;
}

/** The JSON text of a string: as most programs write it, or with every character as an escape. */
function stringText(string: Arbitrary<string>): Arbitrary<string> {
  return fc.oneof(
    { weight: 4, arbitrary: string.map((text) => JSON.stringify(text)) },
    { weight: 1, arbitrary: string.map(escaped) },
  );
}

function arrayText(items: readonly string[]): string {
  return `[${items.join()}]`;
}

/** Members as they come: a key may stand twice. */
function objectText(members: readonly (readonly [name: string, text: string])[]): string {
  return `{${members.map(([name, text]) => `${JSON.stringify(name)}:${text}`).join()}}`;
}

const deep = fc
  .tuple(
    fc.constantFrom(10, 900, 999, 1000, 1001, 5000),
    fc.constantFrom(["[", "]"] as const, ['{"a":[', "]}"] as const),
  )
  .map(([depth, [open, close]]) => `${open.repeat(depth)}${close.repeat(depth)}`);

const { any } = fc.letrec<{ any: string; leaf: string }>((tie) => ({
  leaf: fc.oneof(
    fc.constantFrom("null", "true", "false", ...NUMBERS),
    fc.double({ noNaN: true, noDefaultInfinity: true }).map(String),
    stringText(anyString),
  ),
  any: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    { weight: 8, arbitrary: tie("leaf") },
    { weight: 2, arbitrary: fc.array(tie("any"), { maxLength: 4 }).map(arrayText) },
    { weight: 2, arbitrary: fc.array(fc.tuple(anyString, tie("any")), { maxLength: 4 }).map(objectText) },
  ),
}));

/** Any JSON text. */
export const anyJson: Arbitrary<string> = fc.oneof({ weight: 20, arbitrary: any }, { weight: 1, arbitrary: deep });
/** A text that is no JSON. */
export const noJson: Arbitrary<string> = fc.oneof(
  fc.constantFrom(...NEVER_JSON),
  fc.tuple(any, fc.constantFrom(...'}],:"\\x')).map(([text, rest]) => text + rest),
);

/** What a schema gives as an example, of the kind that is wanted. */
function examplesOf({ example, examples = [] }: JsonSchema, kind: "string" | "number"): readonly unknown[] {
  return [...examples, ...(example === undefined ? [] : [example])].filter((each) => typeof each === kind);
}

function numbers(schema: JsonSchema): Arbitrary<string> {
  const { maximum = 2 ** 53 - 1, minimum = -(2 ** 53 - 1) } = schema;
  const given = examplesOf(schema, "number").map(String);
  return fc.oneof(
    { weight: given.length > 0 ? 2 : 0, arbitrary: fc.constantFrom(...(given.length > 0 ? given : [""])) },
    fc.integer({ min: Math.max(minimum, -1000), max: Math.min(maximum, 1000) }).map(String),
    fc.constantFrom(minimum, maximum).map(String),
  );
}

function strings(schema: JsonSchema): Arbitrary<string> {
  const { maxLength = 1000, minLength = 0, pattern = "^.*$" } = schema;
  const given = examplesOf(schema, "string").map(String);
  return stringText(
    fc.oneof(
      { weight: given.length > 0 ? 8 : 0, arbitrary: fc.constantFrom(...(given.length > 0 ? given : [""])) },
      { weight: 4, arbitrary: fc.stringMatching(new RegExp(pattern, "u"), { maxLength }) },
      { weight: 2, arbitrary: fc.string({ unit: "grapheme", minLength, maxLength: Math.min(maxLength, 40) }) },
      {
        weight: 1,
        arbitrary: fc.constantFrom("a", "é", "😀").map((unit) => unit.repeat(maxLength / Buffer.byteLength(unit))),
      },
    ),
  );
}

/** Just beside what a schema allows, or something else altogether. */
function broken(schema: JsonSchema): Arbitrary<string> {
  const { maxLength = 1000, maximum = 2 ** 53, minLength = 0, minimum = 0 } = schema;
  switch (schema.type) {
    case "integer":
    case "number":
      return fc.oneof(anyJson, fc.constantFrom(minimum - 1, minimum + 0.5, maximum + 1, maximum * 10).map(String));
    case "string":
      return fc.oneof(
        anyJson,
        stringText(anyString),
        stringText(
          fc.constantFrom("a".repeat(maxLength + 1), "é".repeat(maxLength), "a".repeat(Math.max(0, minLength - 1))),
        ),
      );
    default:
      return anyJson;
  }
}

/** Makes JSON texts from schemas. */
export class JsonTexts {
  readonly #resolve: (schema: JsonSchema) => JsonSchema;
  readonly #breaks: boolean;

  /** @param breaks whether there is to be something wrong with a text, here and there */
  constructor(resolve: (schema: JsonSchema) => JsonSchema, breaks: boolean) {
    this.#resolve = resolve;
    this.#breaks = breaks;
  }

  /** Texts that fit a schema for the most part. */
  of(reference: JsonSchema): Arbitrary<string> {
    const schema = this.#resolve(reference);
    const fitting = this.#fitting(schema);
    return this.#breaks
      ? fc.oneof({ weight: 4, arbitrary: fitting }, { weight: 1, arbitrary: broken(schema) })
      : fitting;
  }

  #fitting(schema: JsonSchema): Arbitrary<string> {
    if (schema.enum !== undefined) return fc.constantFrom(...schema.enum).map((value) => JSON.stringify(value));
    if (schema.anyOf !== undefined) return fc.oneof(...schema.anyOf.map((each) => this.of(each)));
    switch (schema.type) {
      case "boolean":
        return fc.constantFrom("true", "false");
      case "integer":
      case "number":
        return numbers(schema);
      case "string":
        return strings(schema);
      case "array":
        return this.#array(schema);
      case "object":
        return this.#object(schema);
      default:
        return anyJson;
    }
  }

  #array({ items = {}, maxItems = 1000, minItems = 0, uniqueItems = false }: JsonSchema): Arbitrary<string> {
    const item = this.of(items);
    const few = { minLength: minItems, maxLength: Math.min(maxItems, minItems + 3) };
    if (uniqueItems && !this.#breaks) return fc.uniqueArray(item, few).map(arrayText);
    // Where the length counts, one item will do.
    const lengths = this.#breaks ? [minItems - 1, maxItems, maxItems + 1] : [maxItems];
    const long = fc
      .tuple(item, fc.constantFrom(...lengths))
      .map(([text, length]) => Array(Math.max(0, length)).fill(text));
    return fc.oneof({ weight: 9, arbitrary: fc.array(item, few) }, { weight: 1, arbitrary: long }).map(arrayText);
  }

  #object({ properties = {}, required = [] }: JsonSchema): Arbitrary<string> {
    const members = Object.entries(properties).map(([name, schema]) => {
      const member = this.of(schema).map((text) => [[name, text] as const]);
      const absent = fc.constant([]);
      const twice = fc
        .tuple(anyJson, this.of(schema))
        .map(([first, last]) => [[name, first] as const, [name, last] as const]);
      return fc.oneof(
        { weight: 16, arbitrary: member },
        { weight: 1, arbitrary: twice },
        { weight: required.includes(name) ? (this.#breaks ? 2 : 0) : 16, arbitrary: absent },
      );
    });
    const unknown = fc.tuple(anyString, any).map((member) => [member]);
    const extra = fc.oneof({ weight: 4, arbitrary: fc.constant([]) }, { weight: 1, arbitrary: unknown });
    return fc.tuple(extra, ...members).map((parts) => objectText(parts.flat()));
  }
}
