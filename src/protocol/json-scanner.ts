// Finds where JSON values begin and end in a text, and whether they are well formed (RFC 8259), without building
// them: a payload can then be passed on byte for byte, and depth costs no stack. Every function takes the index
// where its value begins and returns the index just past it, or -1 where the text is malformed.

const TAB = 9;
const LINE_FEED = 10;
const CARRIAGE_RETURN = 13;
const SPACE = 32;
const QUOTE = 34;
const COMMA = 44;
const COLON = 58;
const OPEN_BRACKET = 91;
const BACKSLASH = 92;
const CLOSE_BRACKET = 93;
const OPEN_BRACE = 123;
const CLOSE_BRACE = 125;

const NUMBER = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y;
const ESCAPE = /\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})/y;

/** The index of the first character at or after `start` that is no JSON white space. */
export function skipSpace(text: string, start: number): number {
  let at = start;
  for (;;) {
    const c = text.charCodeAt(at);
    // First what nearly always is: between the tokens of what programs write there is no white space.
    if (c > SPACE || (c !== SPACE && c !== LINE_FEED && c !== CARRIAGE_RETURN && c !== TAB)) return at;
    at++;
  }
}

/** Skips a string that begins, with its quote, at `start`. */
export function skipString(text: string, start: number): number {
  if (text.charCodeAt(start) !== QUOTE) return -1;
  let at = start + 1;
  while (at < text.length) {
    const c = text.charCodeAt(at);
    if (c > BACKSLASH) {
      // Lower-case letters and all beyond ASCII: one comparison for most of what strings hold.
      at++;
    } else if (c === QUOTE) {
      return at + 1;
    } else if (c === BACKSLASH) {
      ESCAPE.lastIndex = at;
      if (!ESCAPE.test(text)) return -1;
      at = ESCAPE.lastIndex;
    } else if (c < SPACE) {
      return -1;
    } else {
      at++;
    }
  }
  return -1;
}

function skipPattern(pattern: RegExp, text: string, start: number): number {
  pattern.lastIndex = start;
  return pattern.test(text) ? pattern.lastIndex : -1;
}

function skipScalar(text: string, start: number): number {
  switch (text.charCodeAt(start)) {
    case QUOTE:
      return skipString(text, start);
    case 116:
      return text.startsWith("true", start) ? start + 4 : -1;
    case 102:
      return text.startsWith("false", start) ? start + 5 : -1;
    case 110:
      return text.startsWith("null", start) ? start + 4 : -1;
    default:
      return skipPattern(NUMBER, text, start);
  }
}

/** Skips an object's key and the colon behind it; returns the index where the value begins. */
function skipKey(text: string, start: number): number {
  const keyEnd = skipString(text, start);
  if (keyEnd < 0) return -1;
  const colon = skipSpace(text, keyEnd);
  return text.charCodeAt(colon) === COLON ? skipSpace(text, colon + 1) : -1;
}

/** The deepest nesting that the last `skipValue` met: 0 for a scalar, 1 for `[]`. */
export let deepestNesting = 0;
// The closing characters that the open containers wait for. Kept between calls, since it only ever grows to the
// deepest text seen, which the message size bounds.
const closers: number[] = [];

/** Skips any value that begins at `start`, however deep; `deepestNesting` then tells how deep it was. */
export function skipValue(text: string, start: number): number {
  let depth = 0;
  deepestNesting = 0;
  let at = start;
  for (;;) {
    // Here a value begins.
    const c = text.charCodeAt(at);
    if (c === OPEN_BRACE || c === OPEN_BRACKET) {
      const closer = c === OPEN_BRACE ? CLOSE_BRACE : CLOSE_BRACKET;
      closers[depth++] = closer;
      if (depth > deepestNesting) deepestNesting = depth;
      at = skipSpace(text, at + 1);
      if (text.charCodeAt(at) !== closer) {
        if (closer === CLOSE_BRACE) at = skipKey(text, at);
        if (at < 0) return -1;
        continue;
      }
      depth--;
      at++;
    } else {
      at = skipScalar(text, at);
      if (at < 0) return -1;
    }
    // Here a value has ended: close what it was the last of, or go on to its next sibling.
    for (;;) {
      if (depth === 0) return at;
      at = skipSpace(text, at);
      const closer = closers[depth - 1];
      const next = text.charCodeAt(at);
      if (next === closer) {
        depth--;
        at++;
        continue;
      }
      if (next !== COMMA) return -1;
      at = skipSpace(text, at + 1);
      if (closer === CLOSE_BRACE) at = skipKey(text, at);
      if (at < 0) return -1;
      break;
    }
  }
}

/**
 * Walks the members of the object that begins at `start`.
 * @param visit gets where each member's raw key begins and ends (between its quotes, escapes as written) and where
 *   its value begins; it skips the value and returns the index just past it, or -1
 */
export function skipObject(
  text: string,
  start: number,
  visit: (text: string, keyStart: number, keyEnd: number, valueStart: number) => number,
): number {
  if (text.charCodeAt(start) !== OPEN_BRACE) return -1;
  let at = skipSpace(text, start + 1);
  if (text.charCodeAt(at) === CLOSE_BRACE) return at + 1;
  for (;;) {
    const keyStart = at + 1;
    const keyEnd = skipString(text, at) - 1;
    if (keyEnd < 0) return -1;
    at = skipSpace(text, keyEnd + 1);
    if (text.charCodeAt(at) !== COLON) return -1;
    at = visit(text, keyStart, keyEnd, skipSpace(text, at + 1));
    if (at < 0) return -1;
    at = skipSpace(text, at);
    const next = text.charCodeAt(at);
    if (next === CLOSE_BRACE) return at + 1;
    if (next !== COMMA) return -1;
    at = skipSpace(text, at + 1);
  }
}

/**
 * Walks the elements of the array that begins at `start`.
 * @param visit gets where each element begins; it skips the element and returns the index just past it, or -1
 */
export function skipArray(text: string, start: number, visit: (text: string, start: number) => number): number {
  if (text.charCodeAt(start) !== OPEN_BRACKET) return -1;
  let at = skipSpace(text, start + 1);
  if (text.charCodeAt(at) === CLOSE_BRACKET) return at + 1;
  for (;;) {
    at = visit(text, at);
    if (at < 0) return -1;
    at = skipSpace(text, at);
    const next = text.charCodeAt(at);
    if (next === CLOSE_BRACKET) return at + 1;
    if (next !== COMMA) return -1;
    at = skipSpace(text, at + 1);
  }
}
