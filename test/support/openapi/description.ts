import Ajv2020, { type ValidateFunction } from "ajv/dist/2020.js";
import { z } from "zod";
import { parseDuration } from "../../../src/config/duration.ts";

// An OpenAPI document as tests use it: its operations, and functions that tell whether something fits what it says.

const schemaSchema = z.looseObject({
  $ref: z.string().optional(),
  type: z.string().optional(),
  enum: z.array(z.unknown()).optional(),
  minimum: z.number().optional(),
  maximum: z.number().optional(),
  minLength: z.number().optional(),
  maxLength: z.number().optional(),
  minItems: z.number().optional(),
  maxItems: z.number().optional(),
  uniqueItems: z.boolean().optional(),
  pattern: z.string().optional(),
  required: z.array(z.string()).optional(),
  example: z.unknown().optional(),
  examples: z.array(z.unknown()).optional(),
  get anyOf() {
    return z.array(schemaSchema).optional();
  },
  get items() {
    return schemaSchema.optional();
  },
  get properties() {
    return z.record(z.string(), schemaSchema).optional();
  },
});
/** The keywords of JSON Schema by which values are made up; whether one fits, the validator tells by all of them. */
export type JsonSchema = z.infer<typeof schemaSchema>;

const operationSchema = z.looseObject({
  security: z.array(z.record(z.string(), z.unknown())).optional(),
  parameters: z
    .array(
      z.looseObject({
        in: z.enum(["path", "query", "header"]),
        name: z.string(),
        required: z.boolean(),
        schema: schemaSchema,
      }),
    )
    .optional(),
  requestBody: z
    .looseObject({
      content: z.union([
        z.strictObject({ "application/json": z.looseObject({ schema: schemaSchema }) }),
        // Of text nothing is described that a body could be held to.
        z.strictObject({ "text/plain": z.unknown() }).transform(() => ({ "application/json": undefined })),
      ]),
    })
    .optional(),
  "x-dependencies": z.array(z.string()).optional(),
  "x-max-token-chars": z.number().optional(),
  responses: z.record(
    z.string(),
    z.looseObject({
      headers: z.record(z.string(), z.looseObject({})).optional(),
      content: z.record(z.string(), z.unknown()).optional(),
    }),
  ),
});
const documentSchema = z.looseObject({
  paths: z.record(z.string(), z.record(z.string(), operationSchema)),
  components: z.looseObject({
    schemas: z.record(z.string(), schemaSchema),
    securitySchemes: z.record(
      z.string(),
      z.discriminatedUnion("type", [
        z.looseObject({ type: z.literal("apiKey"), in: z.enum(["header", "query"]), name: z.string() }),
        z.looseObject({ type: z.literal("http"), scheme: z.literal("bearer") }),
      ]),
    ),
  }),
});

/** Whether a value fits a part of the document. */
export type Fits = ValidateFunction;

export interface Parameter {
  readonly in: "path" | "query" | "header";
  readonly name: string;
  readonly required: boolean;
  readonly schema: JsonSchema;
  readonly fits: Fits;
}

/** A way to say who one is: where it stands, and what goes before it. */
export interface Credential {
  readonly in: "header" | "query";
  readonly name: string;
  readonly prefix: string;
}

/** What parameters have to do with each other (IDL4OAS). */
export interface Dependency {
  readonly kind: "AllOrNone" | "ZeroOrOne";
  readonly names: readonly string[];
}

export interface DescribedAnswer {
  /** By content type. */
  readonly bodies: ReadonlyMap<string, Fits>;
  readonly headers: ReadonlyMap<string, Fits>;
}

export interface Operation {
  /** In capitals. */
  readonly method: string;
  readonly path: string;
  readonly parameters: readonly Parameter[];
  readonly body: { readonly schema: JsonSchema; readonly fits: Fits } | undefined;
  /** The ways to say who one is, one of which it needs; none where it needs none. */
  readonly credentials: readonly Credential[];
  readonly dependencies: readonly Dependency[];
  /** The longest token that it makes of what it is given. */
  readonly maxTokenChars: number | undefined;
  readonly answers: ReadonlyMap<number, DescribedAnswer>;
}

export interface ApiDescription {
  readonly operations: readonly Operation[];
  /** The schema that a reference leads to; any other one itself. */
  readonly resolve: (schema: JsonSchema) => JsonSchema;
}

function createValidator(document: object): Ajv2020 {
  const ajv = new Ajv2020({ strict: false, validateFormats: false });
  const durationMs = (text: string) => parseDuration(text) ?? Number.NaN;
  ajv.addKeyword({
    keyword: "x-max-bytes",
    type: "string",
    validate: (max: number, text: string) => text.isWellFormed() && Buffer.byteLength(text) <= max,
  });
  ajv.addKeyword({
    keyword: "x-min-duration",
    type: "string",
    validate: (min: string, text: string) => durationMs(text) >= durationMs(min),
  });
  ajv.addKeyword({
    keyword: "x-max-duration",
    type: "string",
    validate: (max: string, text: string) => durationMs(text) <= durationMs(max),
  });
  ajv.addSchema(document, "openapi");
  return ajv;
}

function parseDependency(text: string): Dependency {
  const [, kind, names = ""] = /^(AllOrNone|ZeroOrOne)\((.*)\);$/.exec(text) ?? [];
  if (kind !== "AllOrNone" && kind !== "ZeroOrOne") throw new Error(`a dependency that is not understood: ${text}`);
  return { kind, names: names.split(",").map((name) => name.trim()) };
}

/** Reads an OpenAPI document; throws where it has something that is not understood here. */
export function readDescription(json: unknown): ApiDescription {
  const document = documentSchema.parse(json);
  const { schemas, securitySchemes } = document.components;
  const ajv = createValidator(document);
  const fitsAt = (...steps: readonly (string | number)[]): Fits => {
    const pointer = steps.map((step) => String(step).replaceAll("~", "~0").replaceAll("/", "~1")).join("/");
    return ajv.compile({ $ref: encodeURI(`openapi#/${pointer}`) });
  };
  const credentialOf = (name: string): Credential => {
    const scheme = securitySchemes[name];
    if (scheme === undefined) throw new Error(`there is no security scheme ${name}`);
    return scheme.type === "apiKey"
      ? { in: scheme.in, name: scheme.name, prefix: "" }
      : { in: "header", name: "Authorization", prefix: "Bearer " };
  };
  const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]): Operation => {
      const at = ["paths", path, method];
      const answers = Object.entries(operation.responses).map(([status, { content = {}, headers = {} }]) => {
        const bodies = Object.keys(content).map(
          (type) => [type, fitsAt(...at, "responses", status, "content", type, "schema")] as const,
        );
        const fields = Object.keys(headers).map(
          (name) => [name, fitsAt(...at, "responses", status, "headers", name, "schema")] as const,
        );
        return [Number(status), { bodies: new Map(bodies), headers: new Map(fields) }] as const;
      });
      const body = operation.requestBody?.content["application/json"];
      return {
        method: method.toUpperCase(),
        path,
        parameters: (operation.parameters ?? []).map(({ in: place, name, required, schema }, i) => {
          return { in: place, name, required, schema, fits: fitsAt(...at, "parameters", i, "schema") };
        }),
        body: body && {
          schema: body.schema,
          fits: fitsAt(...at, "requestBody", "content", "application/json", "schema"),
        },
        credentials: (operation.security ?? []).flatMap(Object.keys).map(credentialOf),
        dependencies: (operation["x-dependencies"] ?? []).map(parseDependency),
        maxTokenChars: operation["x-max-token-chars"],
        answers: new Map(answers),
      };
    }),
  );
  const resolve = (schema: JsonSchema): JsonSchema => {
    if (schema.$ref === undefined) return schema;
    const target = schemas[schema.$ref.replace("#/components/schemas/", "")];
    if (target === undefined) throw new Error(`there is no ${schema.$ref}`);
    return resolve(target);
  };
  return { operations, resolve };
}
