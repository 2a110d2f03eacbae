/** Strings, with the colon behind them where they are keys, and what gives JSON its structure. */
const TOKEN = /"(?:[^"\\]|\\.)*"(?:\s*:)?|[[\]{},]/gs;
/** The event itself is the first object, its message the second. */
const MESSAGE_DEPTH = 2;

/**
 * The payload's own JSON text in an event as it came: what JSON.parse can't give back.
 * @param text an event, which is well-formed JSON
 */
export function payloadText(text: string): string {
  let depth = 0;
  let start = 0;
  for (const { 0: token, index } of text.matchAll(TOKEN)) {
    const isWithin = depth === MESSAGE_DEPTH;
    if (isWithin && start > 0 && /^[,}]/.test(token)) return text.slice(start, index).trim();
    if (isWithin && /^"payload".*:/s.test(token)) start = index + token.length;
    if (/^[[{]/.test(token)) depth++;
    if (/^[\]}]/.test(token)) depth--;
  }
  return "";
}
