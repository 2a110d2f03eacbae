// A JSON text as a tree that is read only as far as it is shown. The text itself is never parsed into values: numbers, escapes and
// doubled keys stay what they are, and neither size nor depth costs more than what is looked at.

/** A value by where it stands in its text. */
export interface JsonNode {
  readonly kind: "object" | "array" | "string" | "number" | "literal";
  readonly start: number;
  readonly end: number;
  /** How many values an object or array has. */
  readonly count: number;
}

/** A value of an object or array. */
export interface JsonMember {
  /** As it is written, with quotes; undefined in an array. */
  readonly key: string | undefined;
  readonly node: JsonNode;
}

/** A line of the tree. */
export interface JsonRow {
  /** Unique among the rows of one tree. */
  readonly id: string;
  readonly kind: "value" | "folded" | "open" | "close" | "more";
  readonly depth: number;
  readonly key: string | undefined;
  /** The value; of `close` and `more`, the one that encloses them. */
  readonly node: JsonNode;
  /** Whether a comma follows. */
  readonly hasNext: boolean;
  /** How many values `more` stands for. */
  readonly left: number;
}

/** Which objects and arrays are open, by where they start, and how many of their values are shown. */
export type Opened = ReadonlyMap<number, number>;

/** How many values of an object or array are shown at first, and how many each further step shows. */
export const STEP = 100;
/** What opens by itself is no more than a screen. */
const MAX_FIRST_ROWS = 32;
const MAX_FIRST_DEPTH = 4;

const KINDS: Readonly<Record<string, JsonNode["kind"]>> = { "{": "object", "[": "array", '"': "string" };
const SPACE = /[ \t\n\r]*/y;
const SCALAR = /[^ \t\n\r,\]}]*/y;

function afterSpace(text: string, at: number): number {
  SPACE.lastIndex = at;
  // Past the end of the text it does not match, and forgets the place.
  return SPACE.test(text) ? SPACE.lastIndex : at;
}

function endOfString(text: string, start: number): number {
  for (let from = start + 1; ; ) {
    const quote = text.indexOf('"', from);
    if (quote === -1) return text.length;
    let escapes = quote;
    while (text[escapes - 1] === "\\") escapes--;
    if ((quote - escapes) % 2 === 0) return quote + 1;
    from = quote + 1;
  }
}

/** Goes through an object or array without descending: a depth is only counted. */
function readContainer(text: string, start: number): { readonly end: number; readonly count: number } {
  const structure = /["[\]{},]/g;
  structure.lastIndex = start + 1;
  let depth = 1;
  let commas = 0;
  for (let found = structure.exec(text); found !== null; found = structure.exec(text)) {
    switch (found[0]) {
      case '"':
        structure.lastIndex = endOfString(text, found.index);
        break;
      case "[":
      case "{":
        depth++;
        break;
      case ",":
        if (depth === 1) commas++;
        break;
      default:
        depth--;
        if (depth === 0) {
          const isEmpty = commas === 0 && afterSpace(text, start + 1) === found.index;
          return { end: found.index + 1, count: isEmpty ? 0 : commas + 1 };
        }
    }
  }
  return { end: text.length, count: commas + 1 };
}

/** The value that begins at a place of a well-formed text, or behind the white space there. */
export function readNode(text: string, at = 0): JsonNode {
  const start = afterSpace(text, at);
  const kind = KINDS[text[start] ?? ""] ?? (/[-\d]/.test(text[start] ?? "") ? "number" : "literal");
  if (kind === "object" || kind === "array") return { kind, start, ...readContainer(text, start) };
  if (kind === "string") return { kind, start, end: endOfString(text, start), count: 0 };
  SCALAR.lastIndex = start;
  return { kind, start, end: SCALAR.test(text) ? SCALAR.lastIndex : start, count: 0 };
}

/** The text of a value. */
export function sourceOf(text: string, { start, end }: JsonNode): string {
  return text.slice(start, end);
}

/** The first values of an object or array. */
export function membersOf(text: string, parent: JsonNode, limit = Number.POSITIVE_INFINITY): readonly JsonMember[] {
  const members: JsonMember[] = [];
  const wanted = Math.min(limit, parent.count);
  for (let at = parent.start + 1; members.length < wanted && at < parent.end; ) {
    const start = afterSpace(text, at);
    let key: string | undefined;
    at = start;
    if (parent.kind === "object") {
      at = endOfString(text, start);
      key = text.slice(start, at);
      // Behind the colon.
      at = afterSpace(text, at) + 1;
    }
    const node = readNode(text, at);
    members.push({ key, node });
    // Behind the comma.
    at = afterSpace(text, node.end) + 1;
  }
  return members;
}

/** What is within an open object or array, and what ends it, the last one first. */
function within(text: string, { depth, hasNext, node }: JsonRow, shown: number): readonly JsonRow[] {
  const members = membersOf(text, node, shown);
  const left = node.count - members.length;
  const rows: JsonRow[] = members.map((member, index) => {
    const hasNext = index < node.count - 1;
    return { ...member, id: `${member.node.start}`, kind: "value", depth: depth + 1, hasNext, left: 0 };
  });
  const end = { key: undefined, node, left };
  if (left > 0) rows.push({ ...end, id: `${node.end}+`, kind: "more", depth: depth + 1, hasNext: false });
  rows.push({ ...end, id: `${node.end}}`, kind: "close", depth, hasNext });
  return rows.reverse();
}

/** The lines that show a value, as far as it is open. A stack of its own, since texts may be nested deeper than calls. */
export function rowsOf(text: string, root: JsonNode, opened: Opened): readonly JsonRow[] {
  const rows: JsonRow[] = [];
  const stack: JsonRow[] = [
    { id: `${root.start}`, kind: "value", depth: 0, key: undefined, node: root, hasNext: false, left: 0 },
  ];
  for (let row = stack.pop(); row !== undefined; row = stack.pop()) {
    const shown = opened.get(row.node.start);
    if (row.kind !== "value" || row.node.count === 0) {
      rows.push(row);
    } else if (shown === undefined) {
      rows.push({ ...row, kind: "folded" });
    } else {
      rows.push({ ...row, kind: "open", hasNext: false });
      for (const inner of within(text, row, shown)) stack.push(inner);
    }
  }
  return rows;
}

/** What is open before anybody has touched it: level by level, as much as fits a screen. */
export function firstOpened(text: string, root: JsonNode): Opened {
  const opened = new Map<number, number>();
  let level = [root];
  let rows = 1;
  for (let depth = 0; depth < MAX_FIRST_DEPTH; depth++) {
    const next: JsonNode[] = [];
    for (const node of level) {
      if (node.count === 0) continue;
      // The root opens in any case, though perhaps not to its end.
      if (depth > 0 && rows + node.count > MAX_FIRST_ROWS) continue;
      opened.set(node.start, STEP);
      rows += Math.min(node.count, STEP);
      next.push(...membersOf(text, node, STEP).map((member) => member.node));
    }
    level = next;
  }
  return opened;
}

/** A piece of a text, and what it is. */
export interface JsonToken {
  /** Where it begins in the text. */
  readonly at: number;
  readonly kind: "key" | "string" | "number" | "literal" | "mark";
  readonly text: string;
}

/** Strings (perhaps cut off), numbers, words; white space goes with the marks. */
const TOKEN = /"[^"\\]*(?:\\.[^"\\]*)*(?:"(\s*:)?|\\?$)|(-?\d[\d.eE+-]*)|([a-z]+)|[^"\da-z-]+|./gs;

/** The beginning of a text, without half a character at its end. */
export function beginningOf(text: string, maxChars: number): string {
  return text.slice(0, maxChars).replace(/[\ud800-\udbff]$/, "");
}

/** The pieces of the beginning of a text, for a line that shows no more of it. */
export function tokensOf(text: string, maxChars: number): readonly JsonToken[] {
  const tokens: JsonToken[] = [];
  const beginning = beginningOf(text, maxChars);
  for (const { 0: all, 1: colon, 2: number, 3: word, index: at } of beginning.matchAll(TOKEN)) {
    if (number !== undefined) tokens.push({ at, kind: "number", text: all });
    else if (word !== undefined) tokens.push({ at, kind: "literal", text: all });
    else if (!all.startsWith('"')) tokens.push({ at, kind: "mark", text: all });
    else if (colon === undefined) tokens.push({ at, kind: "string", text: all });
    else {
      const key = all.slice(0, -colon.length);
      tokens.push({ at, kind: "key", text: key }, { at: at + key.length, kind: "mark", text: colon });
    }
  }
  if (text.length > maxChars) tokens.push({ at: beginning.length, kind: "mark", text: "…" });
  return tokens;
}
