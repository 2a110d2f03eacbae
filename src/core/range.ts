import { payloadStartOf } from "../websocket/frame.ts";
import { Chunk } from "./chunk.ts";
import type { TopicName } from "./draft.ts";

/** The log of a range, as far as the range knows it. */
export interface LogOfRange {
  readonly topic: TopicName;
  readonly epoch: string;
  /** The offset of the first event that is still in memory, held for replay or not. */
  readonly oldestChunkOffset: number;
  /** Somebody will read the events up to this offset after the current flush: their memory must not be used again. */
  retain(toOffset: number): void;
}

/** Turns a range into the bytes that a transport sends. */
export type RangeEncoder = (range: Range) => Buffer;

/**
 * Consecutive events of one log: what a session is still to be sent. It refers to the log's chunks and keeps them alive,
 * also those that the log has dropped. It never changes, so that all subscribers of a topic share one.
 */
export class Range {
  readonly kind = "events";
  readonly log: LogOfRange;
  readonly fromOffset: number;
  readonly toOffset: number;
  readonly sizeBytes: number;
  readonly #chunk: Chunk;
  readonly #index: number;
  #frames: Buffer | undefined;
  #encoder: RangeEncoder | undefined;
  #encoded: Buffer | undefined;
  /** What `first`, `skip` and, of the range before this one, `joinedWith` made last: other clients need the same. */
  #first: Range | undefined;
  #skipped: Range | undefined;
  #joined: Range | undefined;

  /**
   * @param chunk the chunk of the first event, and `index` its place there
   * @param toOffset the last event's offset
   * @param endPosition where the last event ends: the bytes of events that the log had by then
   */
  constructor(log: LogOfRange, chunk: Chunk, index: number, toOffset: number, endPosition: number) {
    this.log = log;
    this.#chunk = chunk;
    this.#index = index;
    this.fromOffset = chunk.firstOffset + index;
    this.toOffset = toOffset;
    this.sizeBytes = endPosition - chunk.position - chunk.startOf(index);
  }

  /** How many events there are. */
  get count(): number {
    return this.toOffset - this.fromOffset + 1;
  }

  /** Whether it has memory of its own; see `detached`. */
  get isDetached(): boolean {
    return this.#chunk.isDetached;
  }

  /** The memory that it keeps alive though its log does not hold it, or no longer, in bytes. */
  get bytesBehindLog(): number {
    if (this.isDetached) return this.#chunk.bytes.length;
    let sum = 0;
    const oldest = this.log.oldestChunkOffset;
    for (let chunk: Chunk | undefined = this.#chunk; chunk !== undefined; chunk = chunk.next) {
      if (chunk.firstOffset >= oldest) break;
      sum += chunk.bytes.length;
    }
    return sum;
  }

  get #endPosition(): number {
    return this.#chunk.position + this.#chunk.startOf(this.#index) + this.sizeBytes;
  }

  /** The frames of all its events in one piece: without a copy where they stand in one chunk. Made once for all. */
  frames(): Buffer {
    this.#frames ??= this.#makeFrames();
    return this.#frames;
  }

  #makeFrames(): Buffer {
    const chunk = this.#chunk;
    if (this.toOffset >= chunk.endOffset) return gatherFrames(this);
    const start = chunk.startOf(this.#index);
    return chunk.bytes.subarray(start, start + this.sizeBytes);
  }

  /**
   * What an encoder makes of the range. The last result is kept, since the subscribers of a topic share the range: each
   * encoding is made once for all of them.
   */
  encodedBy(encoder: RangeEncoder): Buffer {
    if (this.#encoder !== encoder || this.#encoded === undefined) {
      this.#encoded = encoder(this);
      this.#encoder = encoder;
    }
    return this.#encoded;
  }

  /** Lets go of what was made for all, of it and of its parts: once a flush is over, nobody is likely to ask again. */
  forgetShared(): void {
    for (let range: Range | undefined = this; range !== undefined; range = range.#skipped) {
      range.#frames = undefined;
      range.#encoded = undefined;
      range.#joined = undefined;
      range.#first = undefined;
    }
  }

  /** Calls `visit` with the place of each frame. */
  forEachFrame(visit: (bytes: Buffer, start: number, end: number, offset: number) => void): void {
    let chunk: Chunk | undefined = this.#chunk;
    let index = this.#index;
    for (let offset = this.fromOffset; offset <= this.toOffset; offset++) {
      while (chunk !== undefined && index >= chunk.count) {
        chunk = chunk.next;
        index = 0;
      }
      if (chunk === undefined) throw new Error("the range goes past the end of its log");
      visit(chunk.bytes, chunk.startOf(index), chunk.endOf(index), offset);
      index++;
    }
  }

  /** Calls `visit` with the place of each event's JSON text. */
  forEachEvent(visit: (bytes: Buffer, start: number, end: number, offset: number) => void): void {
    this.forEachFrame((bytes, start, end, offset) => visit(bytes, payloadStartOf(bytes, start), end, offset));
  }

  /** Calls `visit` with each piece of memory in which its frames stand. */
  forEachPiece(visit: (bytes: Buffer, start: number, end: number) => void): void {
    let left = this.sizeBytes;
    let start = this.#chunk.startOf(this.#index);
    for (let chunk: Chunk | undefined = this.#chunk; chunk !== undefined && left > 0; chunk = chunk.next) {
      const length = Math.min(left, chunk.used - start);
      visit(chunk.bytes, start, start + length);
      left -= length;
      start = 0;
    }
  }

  /** The range without its first `count` events; undefined where none is left. */
  skip(count: number): Range | undefined {
    const fromOffset = this.fromOffset + count;
    if (fromOffset > this.toOffset) return undefined;
    if (this.#skipped?.fromOffset === fromOffset) return this.#skipped;
    let chunk = this.#chunk;
    while (fromOffset >= chunk.endOffset) chunk = this.#nextOf(chunk);
    this.#skipped = new Range(this.log, chunk, fromOffset - chunk.firstOffset, this.toOffset, this.#endPosition);
    return this.#skipped;
  }

  /** The first `count` events, of which there must be more. */
  first(count: number): Range {
    const toOffset = this.fromOffset + count - 1;
    if (this.#first?.toOffset === toOffset) return this.#first;
    let chunk = this.#chunk;
    while (toOffset >= chunk.endOffset) chunk = this.#nextOf(chunk);
    const endPosition = chunk.position + chunk.endOf(toOffset - chunk.firstOffset);
    this.#first = new Range(this.log, this.#chunk, this.#index, toOffset, endPosition);
    return this.#first;
  }

  /** How many events from the first on fit into so many bytes; at least one. */
  countWithin(maxBytes: number): number {
    if (this.sizeBytes <= maxBytes) return this.count;
    const start = this.#chunk.position + this.#chunk.startOf(this.#index);
    let chunk = this.#chunk;
    let count = 1;
    for (let offset = this.fromOffset; offset <= this.toOffset; offset++) {
      if (offset >= chunk.endOffset) chunk = this.#nextOf(chunk);
      const end = chunk.position + chunk.endOf(offset - chunk.firstOffset);
      if (end - start > maxBytes) break;
      count = offset - this.fromOffset + 1;
    }
    return count;
  }

  /** Whether another range begins where this one ends, and stands behind it in the same memory. */
  isFollowedBy(next: Range): boolean {
    return next.log === this.log && next.fromOffset === this.toOffset + 1 && !this.isDetached && !next.isDetached;
  }

  /** This range and the one that follows it in the same log, as one. */
  joinedWith(next: Range): Range {
    if (next.#joined?.fromOffset !== this.fromOffset) {
      next.#joined = new Range(this.log, this.#chunk, this.#index, next.toOffset, next.#endPosition);
    }
    return next.#joined;
  }

  /** The same events in memory of their own, so that the rest of the log is not kept alive. */
  detached(): Range {
    const start = this.#chunk.position + this.#chunk.startOf(this.#index);
    const copy = new Chunk(Buffer.allocUnsafeSlow(this.sizeBytes), this.fromOffset, start, true);
    this.forEachFrame((bytes, from, to) => {
      bytes.copy(copy.bytes, copy.used, from, to);
      copy.added(to - from);
    });
    return new Range(this.log, copy, 0, this.toOffset, start + this.sizeBytes);
  }

  #nextOf({ next }: Chunk): Chunk {
    if (next === undefined) throw new Error("the range goes past the end of its log");
    return next;
  }
}

function gatherFrames(range: Range): Buffer {
  const target = Buffer.allocUnsafe(range.sizeBytes);
  let at = 0;
  range.forEachPiece((bytes, start, end) => {
    bytes.copy(target, at, start, end);
    at += end - start;
  });
  return target;
}
