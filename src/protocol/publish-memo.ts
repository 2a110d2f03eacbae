import { blockOf, newBlock } from "../bytes/block.ts";
import { equals, isSame } from "../bytes/words.ts";
import { deepestNesting, skipValue } from "./json-scanner.ts";
import { isTopicName, MAX_NESTING } from "./limits.ts";
import { isNameIn, type Span, slice, stringValue } from "./spans.ts";

/** A value that differs from one publish to the next, and where the bytes in front of it end in `#between`. */
interface Slot {
  readonly span: Span;
  readonly betweenEnd: number;
}

/** A shape with more bytes than this is not kept, so that a connection stays small. */
const MAX_BETWEEN_BYTES = 256;
/** A topic whose JSON text is longer is not kept, for the same reason. */
const MAX_TOPIC_BYTES = 128;
/** After so many publishes in a row that do not have the known shape, the shape of the next one replaces it. */
const MISSES_TO_LEARN = 4;
/** The payload is the deepest value of a publish: it lies within two objects. */
const VALUE_DEPTH = 2;
const NOTHING = newBlock(Buffer.alloc(0));

/**
 * The shape of one client's publishes, and the topic of its last one. Most clients write the same keys in the same order
 * each time. Then only the values are scanned, and the bytes between them are compared: that takes half as long as a scan of
 * the whole. A known topic is compared too, which costs less than making a string of its name.
 */
export class PublishMemo {
  /** The value of `dedupe` in a publish of the known shape. */
  dedupe = false;
  /** The bytes before, between and behind the values, joined. */
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

  /** The name of the topic whose JSON text stands in a span; undefined where that is no name of a topic. */
  topicIn(bytes: Buffer, span: Span): string | undefined {
    if (equals(this.#topicJson, blockOf(bytes), span.start, span.end)) return this.#topic;
    if (!isNameIn(bytes, span, isTopicName)) return undefined;
    const name = stringValue(slice(bytes, span));
    if (name === undefined || span.end - span.start > MAX_TOPIC_BYTES) return name;
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
