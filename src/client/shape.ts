/** What a value must be; with `?` it may be undefined. A number is a whole one, from 0 on. */
type Kind = "string" | "string?" | "number" | "number?" | "boolean?" | "function?";
/** What an object's members must be. Other members are not looked at. */
export interface Shape {
  readonly [name: string]: Kind | Shape;
}

function isKind(value: unknown, kind: Kind): boolean {
  if (value === undefined) return kind.endsWith("?");
  const type = typeof value;
  return kind.startsWith(type) && (type !== "number" || (Number.isSafeInteger(value) && Number(value) >= 0));
}

/** The name of the first member of a value that is not of its shape; undefined if all are. What is no object has none. */
export function misfit(value: unknown, shape: Shape): string | undefined {
  const members: Readonly<Record<string, unknown>> = Object(value);
  for (const name in shape) {
    const wanted = shape[name] ?? {};
    const member = members[name];
    if (typeof wanted === "string" ? !isKind(member, wanted) : misfit(member, wanted) !== undefined) return name;
  }
  return undefined;
}
