import { blockOf, newBlock } from "../bytes/block.ts";
import { isSame } from "../bytes/words.ts";
import { deepestNesting, skipValue } from "./json-scanner.ts";
import { MAX_NESTING } from "./limits.ts";
import { type Span, stringValue } from "./spans.ts";

/** A value that differs from one publish to the next, and where the bytes in front of it end in `#between`. */
interface Slot {
  readonly span: Span;
  readonly betweenEnd: number;
}

/** A publish with more bytes than this besides its values is scanned each time, so that a connection stays small. */
const MAX_BETWEEN_BYTES = 256;
/** A topic with a longer name is read anew each time, for the same reason. */
const MAX_TOPIC_BYTES = 128;
/** So many publishes in a row must have another shape until it takes the place of the known one. */
const MISSES_TO_LEARN = 4;
/** The payload of a publish, the deepest value, lies within two objects. */
const VALUE_DEPTH = 2;
const NOTHING = newBlock(Buffer.alloc(0));

/**
 * How one client writes its publishes: most write the same keys in the same order each time. Then only the values need be
 * scanned, and all bytes between them compared, which takes half as long. And most publish to the same topic again and
 * again: to compare its name costs less than to make a string of it.
 */
export class PublishMemo {
  /** The value of `dedupe` in a publish of the known shape. */
  dedupe = false;
  /** The bytes around the values, one piece behind the other. */
  #between = NOTHING;
  #slots: readonly Slot[] = [];
  #misses = 0;
  #topicJson = NOTHING;
  #topic = "";

  /**
   * Whether the bytes from `start` to `end` are a publish of the known shape: well-formed JSON, whose values are where the
   * spans that were learned then say. It does not check the values.
   */
  match(bytes: Buffer, start: number, end: number): boolean {
    const isMatch = this.#slots.length > 0 && this.#fill(bytes, start, end);
    this.#misses = isMatch ? 0 : this.#misses + 1;
    return isMatch;
  }

  /**
   * Learns the shape of a valid publish that did not match, if such ones have become usual.
   * @param spans its values that may differ in the next one; those that are absent are left out
   */
  learn(bytes: Buffer, start: number, end: number, spans: readonly Span[], dedupe: boolean): void {
    if (this.#slots.length > 0 && this.#misses < MISSES_TO_LEARN) return;
    this.#misses = 0;
    const present = spans.filter((span) => span.end >= 0).sort((a, b) => a.start - b.start);
    const betweenBytes = present.reduce((rest, span) => rest - (span.end - span.start), end - start);
    if (betweenBytes > MAX_BETWEEN_BYTES) return;
    const between = Buffer.allocUnsafeSlow(betweenBytes);
    const slots: Slot[] = [];
    let betweenEnd = 0;
    let at = start;
    for (const span of present) {
      betweenEnd += bytes.copy(between, betweenEnd, at, span.start);
      slots.push({ span, betweenEnd });
      at = span.end;
    }
    bytes.copy(between, betweenEnd, at, end);
    this.#between = newBlock(between);
    this.#slots = slots;
    this.dedupe = dedupe;
  }

  /** The name of the topic whose JSON text stands in a span; undefined where `isValid` refuses the span. */
  topicIn(bytes: Buffer, span: Span, isValid: (bytes: Buffer, span: Span) => boolean): string | undefined {
    const known = this.#topicJson;
    const length = span.end - span.start;
    if (length === known.bytes.length && isSame(known, 0, length, blockOf(bytes), span.start)) return this.#topic;
    if (!isValid(bytes, span)) return undefined;
    const name = stringValue(bytes.toString("utf8", span.start, span.end));
    if (name === undefined || length > MAX_TOPIC_BYTES) return name;
    this.#topicJson = newBlock(Buffer.from(bytes.subarray(span.start, span.end)));
    this.#topic = name;
    return name;
  }

  #fill(bytes: Buffer, start: number, end: number): boolean {
    const between = this.#between;
    const block = blockOf(bytes);
    let at = start;
    let from = 0;
    for (const { betweenEnd, span } of this.#slots) {
      if (!isSame(between, from, betweenEnd, block, at)) return false;
      span.start = at + betweenEnd - from;
      from = betweenEnd;
      at = skipValue(bytes, span.start, end);
      if (at < 0 || deepestNesting + VALUE_DEPTH > MAX_NESTING) return false;
      span.end = at;
    }
    const { length } = between.bytes;
    return end - at === length - from && isSame(between, from, length, block, at);
  }
}
