import { z } from "zod";
import { isName, MAX_NAME_BYTES } from "./limits.ts";

// What decoders do with the places of values in a text: cut them out, and see what they are.

/** Where a value lies in the text that is being decoded; `end` is -1 where the key is absent. */
export interface Span {
  start: number;
  end: number;
}

const QUOTE = 34;
const BACKSLASH = 92;

/** The text of a span; undefined where its key is absent. */
export function slice(text: string, span: Span): string | undefined {
  return span.end < 0 ? undefined : text.slice(span.start, span.end);
}

function parseString(json: string): string {
  return z.string().parse(JSON.parse(json));
}

/** The string whose JSON text is `json`; undefined where that is no string. */
export function stringValue(json: string | undefined): string | undefined {
  if (json === undefined || json[0] !== '"') return undefined;
  return json.includes("\\") ? parseString(json) : json.slice(1, -1);
}

/**
 * Which of `keys` stands at `start` to `end`, between its quotes; an empty text for another one. They are compared in
 * place: cutting every key out of the text took a fifth of the time of a decode.
 */
export function keyAt(text: string, start: number, end: number, keys: readonly string[]): string {
  for (const key of keys) {
    if (end - start === key.length && text.startsWith(key, start)) return key;
  }
  // Clients may write any of a key's characters as an escape.
  const raw = text.slice(start, end);
  return raw.includes("\\") ? parseString(`"${raw}"`) : "";
}

/** Whether a span holds a string of plain characters only: printable ASCII without escapes. */
export function isPlainString(text: string, { end, start }: Span): boolean {
  if (text.charCodeAt(start) !== QUOTE) return false;
  for (let at = start + 1; at < end - 1; at++) {
    const c = text.charCodeAt(at);
    if (c < 0x20 || c > 0x7e || c === BACKSLASH) return false;
  }
  return true;
}

/** The name in a span; undefined where there is none, or none that may be a name. */
export function nameIn(text: string, span: Span): string | undefined {
  // Nearly every name is plain, and then its length says it all: the general check took a third of a decode.
  const length = span.end - span.start - 2;
  if (length >= 1 && length <= MAX_NAME_BYTES && isPlainString(text, span)) {
    return text.slice(span.start + 1, span.end - 1);
  }
  const name = stringValue(slice(text, span));
  return name !== undefined && isName(name) ? name : undefined;
}
