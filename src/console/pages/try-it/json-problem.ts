// Where a text stops being JSON. JSON.parse says whether it is, but where it is not, each browser says in its own way.

/** What is wrong with a text that should be JSON; line and column begin at 1, columns count characters. */
export interface JsonProblem {
  readonly message: string;
  readonly line: number;
  readonly column: number;
  /** The same place, in UTF-16 units from the beginning. */
  readonly index: number;
}

const SPACE = /[ \t\n\r]*/y;
/** All from the space on may stand in it but the quote and the backslash (RFC 8259, section 7). */
const STRING = /"(?:[ !#-[\]-\u{10ffff}]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/uy;
const LONE = /(?:-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null)(?![\w.+-])/y;
/** What stands where a value should, to be named: a word, or one character. */
const WORD = /[\w.+-]+|./suy;
/** A string by its quotes alone. */
const QUOTED = /"(?:[^"\\]|\\.)*"/suy;
/** Within a string that has no end, or one that has an end but may not have what it has. */
const BAD_IN_STRING = /[^ -\u{10ffff}]|\\(?!["\\/bfnrt]|u[0-9a-fA-F]{4})/gu;

/** What may come next. */
type Expected = "value" | "value or ]" | "key" | "key or }" | ":" | ", or ]" | ", or }" | "end";

class Reader {
  readonly #text: string;
  /** What is open: `]` and `}` as they will be closed. */
  readonly #open: ("]" | "}")[] = [];
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  /** Reads on until something is not as it should be. */
  problem(): JsonProblem | undefined {
    let expected: Expected = "value";
    for (;;) {
      this.#take(SPACE);
      const next: Expected | JsonProblem | undefined = this.#step(expected);
      if (typeof next !== "string") return next;
      expected = next;
    }
  }

  #step(expected: Expected): Expected | JsonProblem | undefined {
    const char = this.#text[this.#at];
    switch (expected) {
      case "end":
        return char === undefined ? undefined : this.#fail(`${this.#found()} after the end of the value`);
      case "value":
      case "value or ]":
        return char === "]" && expected === "value or ]" ? this.#close() : this.#value(char);
      case "key":
      case "key or }":
        if (char === "}" && expected === "key or }") return this.#close();
        if (char === "}") return this.#fail("a comma with no key behind it");
        if (char !== '"') return this.#fail(`a key in double quotes was expected, not ${this.#found()}`);
        return this.#take(STRING) ? ":" : this.#badString();
      case ":":
        return char === ":" ? this.#skip("value") : this.#fail(`":" was expected, not ${this.#found()}`);
      case ", or ]":
      case ", or }": {
        const closing = expected === ", or ]" ? "]" : "}";
        if (char === ",") return this.#skip(closing === "]" ? "value" : "key");
        if (char === closing) return this.#close();
        return this.#fail(`"," or "${closing}" was expected, not ${this.#found()}`);
      }
    }
  }

  #value(char: string | undefined): Expected | JsonProblem {
    if (char === "{" || char === "[") {
      this.#open.push(char === "{" ? "}" : "]");
      return this.#skip(char === "{" ? "key or }" : "value or ]");
    }
    if (char === '"') return this.#take(STRING) ? this.#afterValue() : this.#badString();
    if (this.#take(LONE)) return this.#afterValue();
    if (char === "]" && this.#open.at(-1) === "]") return this.#fail("a comma with no value behind it");
    if (char === "'") return this.#fail("strings need double quotes");
    return this.#fail(`a value was expected, not ${this.#found()}`);
  }

  #afterValue(): Expected {
    const closing = this.#open.at(-1);
    if (closing === undefined) return "end";
    return closing === "]" ? ", or ]" : ", or }";
  }

  #close(): Expected {
    this.#open.pop();
    this.#at++;
    return this.#afterValue();
  }

  #skip(expected: Expected): Expected {
    this.#at++;
    return expected;
  }

  #take(token: RegExp): boolean {
    token.lastIndex = this.#at;
    if (!token.test(this.#text)) return false;
    this.#at = token.lastIndex;
    return true;
  }

  #found(): string {
    WORD.lastIndex = this.#at;
    const word = WORD.exec(this.#text)?.[0];
    return word === undefined ? "the end of the text" : JSON.stringify(word.slice(0, 20));
  }

  #badString(): JsonProblem {
    BAD_IN_STRING.lastIndex = this.#at;
    const bad = BAD_IN_STRING.exec(this.#text);
    QUOTED.lastIndex = this.#at;
    const isWithin = bad !== null && (!QUOTED.test(this.#text) || bad.index < QUOTED.lastIndex);
    if (!isWithin) return this.#fail("this string has no end");
    this.#at = bad.index;
    const isBreak = bad[0] === "\n" || bad[0] === "\r";
    if (bad[0] === "\\")
      return this.#fail(`no such escape in a string: ${JSON.stringify(this.#text.slice(this.#at, this.#at + 2))}`);
    return this.#fail(
      isBreak
        ? "a string may not go over the end of a line: write \\n"
        : "control characters in a string must be escaped",
    );
  }

  #fail(message: string): JsonProblem {
    const before = this.#text.slice(0, this.#at).split("\n");
    return { message, line: before.length, column: [...(before.at(-1) ?? "")].length + 1, index: this.#at };
  }
}

/** What is wrong with a text that should be JSON, and where; undefined where nothing is. */
export function jsonProblem(text: string): JsonProblem | undefined {
  try {
    JSON.parse(text);
    return undefined;
  } catch {
    return new Reader(text).problem() ?? { message: "this is nested too deep", line: 1, column: 1, index: 0 };
  }
}
