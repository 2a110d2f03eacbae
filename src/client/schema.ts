import { RingcastError } from "./errors.ts";

/**
 * What the SDK needs of a schema: the Standard Schema interface, version 1 (standardschema.dev), which Zod, Valibot,
 * ArkType and others implement.
 */
export interface StandardSchema<Input = unknown, Output = Input> {
  readonly "~standard": {
    readonly version: 1;
    readonly vendor: string;
    readonly validate: (value: unknown) => SchemaResult<Output> | Promise<SchemaResult<Output>>;
    /** Only there for types. */
    readonly types?: { readonly input: Input; readonly output: Output } | undefined;
  };
}

type SchemaResult<Output> =
  | { readonly value: Output; readonly issues?: undefined }
  | { readonly issues: readonly { readonly message: string }[] };

/** Topics' schemas, by name, or by a pattern that ends in `*`. */
export type Schemas = Readonly<Record<string, StandardSchema>>;

/**
 * A payload as the application wants it: what its schema makes of it. Without one, of what type it is is the
 * application's word. Throws `INVALID_PAYLOAD` where the schema refuses it.
 */
export function check<T>(schema: StandardSchema | undefined, payload: unknown): T;
export function check(schema: StandardSchema | undefined, payload: unknown): unknown {
  if (schema === undefined) return payload;
  const result = schema["~standard"].validate(payload);
  // Awaiting it would let later messages overtake this one.
  if (result instanceof Promise) throw new TypeError("schemas must be synchronous");
  if (result.issues === undefined) return result.value;
  throw new RingcastError("INVALID_PAYLOAD", result.issues.map(({ message }) => message).join("; "), {
    cause: result.issues,
  });
}
