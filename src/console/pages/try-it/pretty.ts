/** Strings, what gives JSON its structure, and all else between spaces: numbers and words. */
const TOKEN = /"(?:[^"\\]|\\.)*"|[[\]{},:]|[^\s[\]{},:"]+/gs;
const INDENT = "  ";

/**
 * JSON with line breaks and indents. Only the spaces between tokens change: numbers keep all their digits, strings their escapes.
 * @param json must be JSON
 */
export function prettyJson(json: string): string {
  const tokens = json.match(TOKEN) ?? [];
  let depth = 0;
  let text = "";
  tokens.forEach((token, index) => {
    const isOpening = token === "{" || token === "[";
    const isClosing = token === "}" || token === "]";
    const before = tokens[index - 1];
    const isEmpty = isClosing && (before === "{" || before === "[");
    if (isClosing) depth--;
    if (isClosing && !isEmpty) text += `\n${INDENT.repeat(depth)}`;
    text += token;
    if (isOpening) depth++;
    const after = tokens[index + 1];
    const isEnd = after === "}" || after === "]";
    if (token === "," || (isOpening && !isEnd)) text += `\n${INDENT.repeat(depth)}`;
    else if (token === ":") text += " ";
  });
  return text;
}
