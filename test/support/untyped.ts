/** What an application without types may give: a value in the place of any other. */
export function untyped(value: unknown): never;
export function untyped(value: unknown): unknown {
  return value;
}
