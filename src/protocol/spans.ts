import { z } from "zod";
import { type Block, blockOf, textBlock } from "../bytes/block.ts";
import { equals } from "../bytes/words.ts";
import { isName, MAX_NAME_BYTES } from "./limits.ts";

// What decoders do with the places of values in a message's bytes: cut them out, and check what they are.

/** Where a value lies in the bytes that are being decoded; `end` is -1 where the key is absent. */
export interface Span {
  start: number;
  end: number;
}

const QUOTE = 34;
const DOT = 46;
const BACKSLASH = 92;
const FIRST_PRINTABLE = 0x20;
const LAST_PRINTABLE = 0x7e;

/** The text of a span; undefined where its key is absent. */
export function slice(bytes: Buffer, { end, start }: Span): string | undefined {
  return end < 0 ? undefined : bytes.toString("utf8", start, end);
}

function parseString(json: string): string {
  return z.string().parse(JSON.parse(json));
}

/** The string whose JSON text is `json`; undefined where that is no string. */
export function stringValue(json: string | undefined): string | undefined {
  if (json === undefined || json[0] !== '"') return undefined;
  return json.includes("\\") ? parseString(json) : json.slice(1, -1);
}

/** A key as its bytes, to be compared in place. */
export interface Key<Name extends string> {
  readonly name: Name;
  readonly text: Block;
}

/** Makes the keys that `keyAt` looks for. */
export function keysOf<const Name extends string>(...names: readonly Name[]): readonly Key<Name>[] {
  return names.map((name) => ({ name, text: textBlock(name) }));
}

/**
 * Which of `keys` stands at `start` to `end`, between its quotes; undefined for any other. They are compared in
 * place: to cut every key out of the text took a fifth of the time of a decode.
 */
export function keyAt<Name extends string>(
  bytes: Buffer,
  start: number,
  end: number,
  keys: readonly Key<Name>[],
): Name | undefined {
  const block = blockOf(bytes);
  for (const { name, text } of keys) if (equals(text, block, start, end)) return name;
  // Clients may write any of a key's characters as an escape.
  for (let at = start; at < end; at++) {
    if (bytes[at] !== BACKSLASH) continue;
    const name = parseString(`"${Buffer.from(bytes.subarray(start, end)).toString()}"`);
    return keys.find((key) => key.name === name)?.name;
  }
  return undefined;
}

/** Whether a span holds a string of plain characters only: printable ASCII without escapes. */
export function isPlainString(bytes: Buffer, { end, start }: Span): boolean {
  if (bytes[start] !== QUOTE) return false;
  for (let at = start + 1; at < end - 1; at++) {
    const c = bytes[at] ?? 0;
    if (c < FIRST_PRINTABLE || c > LAST_PRINTABLE || c === BACKSLASH) return false;
  }
  return true;
}

/** Whether a span holds a string that may be a name; `isValid` is the rule where more than the length matters. */
export function isNameIn(bytes: Buffer, span: Span, isValid: (name: string) => boolean = isName): boolean {
  // Nearly every name is plain, and then its length decides: the general check took a third of a decode.
  const length = span.end - span.start - 2;
  const isPlain =
    length >= 1 && length <= MAX_NAME_BYTES && bytes[span.start + 1] !== DOT && isPlainString(bytes, span);
  if (isPlain) return true;
  const name = stringValue(slice(bytes, span));
  return name !== undefined && isValid(name);
}
