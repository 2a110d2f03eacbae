const TOKEN = /"(?:[^"\\]|\\.)*"|[[\]{},]/gs;
/** The event itself is the first object, its message the second. */
const MESSAGE_DEPTH = 2;

/**
 * The payload's own JSON text in an event as it came: what JSON.parse can't give back.
 * @param text an event, which is well-formed JSON
 */
export function payloadText(text: string): string {
  let depth = 0;
  let start = -1;
  for (const { 0: token, index } of text.matchAll(TOKEN)) {
    if (token === "{" || token === "[") depth++;
    else if (start >= 0 && depth === MESSAGE_DEPTH && !token.startsWith('"')) return text.slice(start, index).trim();
    else if (token === "}" || token === "]") depth--;
    else if (token === '"payload"' && depth === MESSAGE_DEPTH && start < 0) start = text.indexOf(":", index) + 1;
  }
  return "";
}
