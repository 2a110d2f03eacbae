/** The longest topic, client or message id, in UTF-8 bytes. */
export const MAX_NAME_BYTES = 255;
/** The longest `request_id`, in Unicode characters (code points). */
export const MAX_REQUEST_ID_CHARS = 256;
/** The longest `epoch` a client may send back; the server's own are shorter. */
export const MAX_EPOCH_CHARS = 64;
/** The most topics of one event stream: all of their positions stand in the id of each of its events. */
export const MAX_STREAM_TOPICS = 100;
/** How many arrays and objects of a request may lie within each other; the request itself is the first. */
export const MAX_NESTING = 1000;

// A UTF-16 unit takes at most three bytes of UTF-8, so a name this short needs no measuring.
const SURELY_SHORT_CHARS = Math.floor(MAX_NAME_BYTES / 3);
/** A name's characters as a regular expression for descriptions, in what all dialects of those have in common. */
export const NAME_PATTERN = String.raw`^[^\x00-\x1f\x7f]+$`;
const NAME_CHARACTERS = new RegExp(NAME_PATTERN);
const encoder = new TextEncoder();

/** The length of `text` in UTF-8, in bytes. */
export function byteLength(text: string): number {
  return encoder.encode(text).byteLength;
}

/**
 * Whether `text` may name a topic, a client or a message: 1 to 255 bytes of well-formed Unicode without control
 * characters (U+0000 to U+001F, U+007F). Any other character is allowed.
 */
export function isName(text: string): boolean {
  if (text.length > MAX_NAME_BYTES || !NAME_CHARACTERS.test(text) || !text.isWellFormed()) return false;
  return text.length <= SURELY_SHORT_CHARS || byteLength(text) <= MAX_NAME_BYTES;
}

/** Whether `text` may be a `request_id`: any string of at most 256 characters. */
export function isRequestId(text: string): boolean {
  if (text.length <= MAX_REQUEST_ID_CHARS) return true;
  return text.length <= 2 * MAX_REQUEST_ID_CHARS && [...text].length <= MAX_REQUEST_ID_CHARS;
}

/**
 * Whether `text` may name a topic: any name but `.` and `..`, which no URL can carry (rulings, section 1).
 */
export function isTopicName(text: string): boolean {
  return text !== "." && text !== ".." && isName(text);
}
