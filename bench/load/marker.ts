/**
 * The marker that every published payload begins with. It has a fixed length and is plain ASCII without quotes or
 * backslashes, so no framing changes it:
 *
 *     ~<run, 6>.<stream, 5>.<sequence, 9>.<time, 11>.
 *
 * A stream is what one publisher sends to one topic. The time is in microseconds since the load began.
 */
export interface Marker {
  readonly stream: number;
  readonly sequence: number;
  readonly timeUs: number;
}

const RUN_DIGITS = 6;
const STREAM_DIGITS = 5;
/** Digits of a sequence number: a run of a minute at ten million messages a second fits. */
export const SEQUENCE_DIGITS = 9;
/** Digits of a time: more than a day. */
export const TIME_DIGITS = 11;

/** Length of the part that is the same in all markers of a run. */
export const PREFIX_LENGTH = RUN_DIGITS + 2;
/** Where the stream's number begins in a marker. */
export const STREAM_AT = PREFIX_LENGTH;
/** Where the sequence number begins in a marker. */
export const SEQUENCE_AT = STREAM_AT + STREAM_DIGITS + 1;
/** Where the time begins in a marker. */
export const TIME_AT = SEQUENCE_AT + SEQUENCE_DIGITS + 1;
/** Length of a whole marker. */
export const MARKER_LENGTH = TIME_AT + TIME_DIGITS + 1;

/** The largest number of streams that markers can tell apart. */
export const MAX_STREAMS = 10 ** STREAM_DIGITS;

/** Stands in a frame template where the sequence number will be written. As long as the number. */
export const SEQUENCE_SLOT = "%".repeat(SEQUENCE_DIGITS);
/** Stands in a frame template where the time will be written. As long as the time. */
export const TIME_SLOT = "#".repeat(TIME_DIGITS);

/** The part that is the same in all markers of a run. */
export function markerPrefix(run: number): string {
  return `~${decimal(run, RUN_DIGITS)}.`;
}

/** A payload of the given length that begins with a marker whose sequence and time are still to be written. */
export function payloadTemplate(run: number, stream: number, length: number): string {
  const marker = `${markerPrefix(run)}${decimal(stream, STREAM_DIGITS)}.${SEQUENCE_SLOT}.${TIME_SLOT}.`;
  if (length < marker.length) throw new RangeError(`a payload needs at least ${marker.length} bytes`);
  return marker.padEnd(length, "abcdefghijklmnopqrstuvwxyz");
}

/** Reads the marker that begins at `at`; the caller has seen its prefix there, and knows that it is whole. */
export function readMarker(bytes: Uint8Array, at: number): Marker {
  return {
    stream: readDecimal(bytes, at + STREAM_AT, STREAM_DIGITS),
    sequence: readDecimal(bytes, at + SEQUENCE_AT, SEQUENCE_DIGITS),
    timeUs: readDecimal(bytes, at + TIME_AT, TIME_DIGITS),
  };
}

/** Writes a number with leading zeros into `digits` bytes. */
export function writeDecimal(bytes: Uint8Array, at: number, digits: number, value: number): void {
  let rest = value;
  for (let index = at + digits - 1; index >= at; index--) {
    const tenth = Math.floor(rest / 10);
    bytes[index] = 48 + (rest - tenth * 10);
    rest = tenth;
  }
}

/** Reads a number of `digits` decimal digits. */
export function readDecimal(bytes: Uint8Array, at: number, digits: number): number {
  let value = 0;
  const end = at + digits;
  for (let index = at; index < end; index++) value = value * 10 + (bytes[index] ?? 48) - 48;
  return value;
}

function decimal(value: number, digits: number): string {
  return String(value).padStart(digits, "0");
}
