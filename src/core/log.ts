import type { Block } from "../bytes/block.ts";
import { bufferPool } from "../bytes/buffer-pool.ts";
import { type EncodedEvent, TopicEncoder } from "../protocol/encode.ts";
import { frameHeaderLength, OPCODE, writeFrameHeader } from "../websocket/frame.ts";
import { Chunk } from "./chunk.ts";
import type { Draft, TopicName } from "./draft.ts";
import { HistoryBudget } from "./history-budget.ts";
import { Range } from "./range.ts";

const MIN_CHUNK_BYTES = 512;
const MAX_CHUNK_BYTES = 64 * 1024;
/**
 * A chunk's share of what the log will hold when it is full: so large that a log has few chunks (each costs about 650 bytes
 * besides its own), so small that the oldest one, of which a part is no longer needed, keeps little alive.
 */
const CHUNK_SHARE = 8;
/** While a log fills, a chunk has room for so many times the events before it. */
const CHUNK_GROWTH = 2;
/** By how many bytes events may become longer than those before them, without making a chunk hold one event less. */
const EVENT_GROWTH_BYTES = 2;

/** The events of one incarnation of a topic, each encoded once and ready for the wire; the newest `capacity` are held. */
export class Log {
  readonly topic: TopicName;
  /** Random, and different for each incarnation of a topic. */
  readonly epoch: string;
  readonly encoder: TopicEncoder;
  readonly #capacity: number;
  #head: Chunk | undefined;
  #tail: Chunk | undefined;
  #newestOffset = 0;
  /** Up to here, its events were evicted or released before there were more than `capacity` newer ones. */
  #releasedOffset = 0;
  /** The bytes of all events that were ever appended. */
  #position = 0;
  /** Up to here, events were handed to all subscribers; up to there, somebody may still read them. */
  #flushedOffset = 0;
  #retainedOffset = 0;
  /** A dropped chunk that nobody reads any more. */
  #spare: Chunk | undefined;
  /** The newest chunk, where it was evicted. Whoever still reads it must find its way to the next one. */
  #evictedTail: WeakRef<Chunk> | undefined;
  readonly #budget: HistoryBudget;
  /** Only the budget sets it. */
  sizeClass: number | undefined;
  #heldBytes = 0;
  /** By how much that has changed since the budget was told. */
  #unreportedBytes = 0;

  /**
   * @param capacity how many events are held for replay, 0 or more
   * @param budget of the memory of all logs
   */
  constructor(topic: TopicName, epoch: string, capacity: number, budget = new HistoryBudget(Number.POSITIVE_INFINITY)) {
    this.topic = topic;
    this.epoch = epoch;
    this.encoder = new TopicEncoder(topic.nameJson);
    this.#capacity = capacity;
    this.#budget = budget;
  }

  /** The newest event's offset; 0 if there is none. */
  get newestOffset(): number {
    return this.#newestOffset;
  }

  /** The oldest event's that is held; 0 if there is none. */
  get oldestOffset(): number {
    return this.heldCount === 0 ? 0 : this.#newestOffset - this.heldCount + 1;
  }

  /** How many events are held. */
  get heldCount(): number {
    return Math.min(this.#newestOffset - this.#releasedOffset, this.#capacity);
  }

  /** The offset of the first event that is still in its memory, held for replay or not; the next one's if there is none. */
  get oldestChunkOffset(): number {
    return this.#head?.firstOffset ?? this.#newestOffset + 1;
  }

  /** Whether the next event displaces the oldest one. */
  get isFull(): boolean {
    return this.heldCount === this.#capacity;
  }

  /** The memory of its chunks, in bytes. */
  get heldBytes(): number {
    return this.#heldBytes;
  }

  /** Encodes an event behind the newest one; returns its offset. `end` is of `encodeEnd`. */
  append(draft: Draft, end: Block): number {
    const offset = this.#newestOffset + 1;
    const length = this.encoder.eventLength(draft, offset);
    const frameLength = frameHeaderLength(length) + length;
    const chunk = this.#chunkFor(frameLength);
    const start = writeFrameHeader(chunk.bytes, chunk.used, OPCODE.TEXT, length);
    this.encoder.writeEvent(chunk, start, draft, offset, end);
    chunk.added(frameLength);
    this.#position += frameLength;
    this.#newestOffset = offset;
    this.#dropOldChunks();
    // Most often a new chunk takes the place of an old one of the same size.
    if (this.#unreportedBytes !== 0) this.#resize(0);
    return offset;
  }

  /** The newest event alone. There must be one, and it must have been appended just now. */
  newest(): Range {
    const chunk = this.#tail;
    if (chunk === undefined) throw new Error("the log has no event");
    return new Range(this, chunk, chunk.count - 1, this.#newestOffset, this.#position);
  }

  /** The range from the first event of another one of this log to the newest event. */
  extended(range: Range): Range {
    return range.toOffset === this.#newestOffset ? range : range.joinedWith(this.newest());
  }

  /** The newest `count` events that are held; undefined where there are none. */
  last(count: number): Range | undefined {
    return this.#heldFrom(this.#newestOffset - Math.min(count, this.heldCount) + 1);
  }

  /** Whether all events after an offset are held, and the offset is not of the future. */
  holdsAllAfter(offset: number): boolean {
    return offset <= this.#newestOffset && this.#newestOffset - offset <= this.heldCount;
  }

  /** The held event with this offset; undefined where it is not held. */
  event(offset: number): EncodedEvent | undefined {
    if (offset < 1 || offset > this.#newestOffset || !this.holdsAllAfter(offset - 1)) return undefined;
    const range = this.#heldFrom(offset);
    return range === undefined ? undefined : textsOf(range.count > 1 ? range.first(1) : range)[0];
  }

  /** All events were handed to the subscribers, and what they keep of them was retained. */
  flushed(): void {
    this.#flushedOffset = this.#newestOffset;
    this.#budget.enforce();
  }

  retain(toOffset: number): void {
    if (toOffset > this.#retainedOffset) this.#retainedOffset = toOffset;
  }

  /** Lets go of all events, because its topic is gone. What a session is still to be sent keeps its own part alive. */
  release(): void {
    this.#head = undefined;
    this.#tail = undefined;
    this.#spare = undefined;
    this.#releasedOffset = this.#newestOffset;
    this.#resize(-this.#heldBytes);
  }

  /** Drops the oldest chunk because all logs together are too large; see `BudgetedLog`. */
  evictOldest(): number {
    const head = this.#head;
    const isUnflushed = this.#flushedOffset < this.#newestOffset;
    if (head === undefined || (head === this.#tail && isUnflushed)) return 0;
    const heldCount = this.heldCount;
    const spareBytes = this.#spare?.bytes.length ?? 0;
    this.#spare = undefined;
    this.#head = head.next;
    if (head === this.#tail) {
      this.#tail = undefined;
      this.#evictedTail = new WeakRef(head);
    }
    this.#releasedOffset = head.endOffset - 1;
    this.#resize(-head.bytes.length - spareBytes);
    if (!this.#isRead(head)) bufferPool.give(head.bytes);
    return heldCount - this.heldCount;
  }

  #heldFrom(fromOffset: number): Range | undefined {
    if (fromOffset > this.#newestOffset) return undefined;
    let chunk = this.#head;
    while (chunk !== undefined && fromOffset >= chunk.endOffset) chunk = chunk.next;
    if (chunk === undefined) return undefined;
    return new Range(this, chunk, fromOffset - chunk.firstOffset, this.#newestOffset, this.#position);
  }

  #chunkFor(frameLength: number): Chunk {
    const tail = this.#tail;
    if (tail !== undefined && tail.used + frameLength <= tail.bytes.length) return tail;
    const sizeBytes = Math.max(frameLength, MIN_CHUNK_BYTES, this.#dueChunkBytes());
    const chunk = this.#takeSpare(frameLength, sizeBytes) ?? this.#newChunk(sizeBytes);
    this.#head ??= chunk;
    const before = tail ?? this.#evictedTail?.deref();
    if (before !== undefined) before.next = chunk;
    this.#evictedTail = undefined;
    this.#tail = chunk;
    return chunk;
  }

  /** Drops chunks of which no event is held any more. What a session still has to send of them keeps them alive. */
  #dropOldChunks(): void {
    const oldest = this.#newestOffset - this.#capacity + 1;
    let head = this.#head;
    while (head?.next !== undefined && head.endOffset <= oldest) {
      // To use the memory again saves a quarter of the CPU time of a one-to-one delivery: the collector's.
      const next: Chunk = head.next;
      if (this.#isRead(head)) this.#unreportedBytes -= head.bytes.length;
      else {
        this.#unreportedBytes -= this.#spare?.bytes.length ?? 0;
        this.#spare = head;
      }
      head = next;
    }
    this.#head = head;
  }

  /** Whether somebody may still read a chunk that is no longer held. */
  #isRead(chunk: Chunk): boolean {
    return chunk.firstOffset <= this.#retainedOffset || chunk.endOffset > this.#flushedOffset + 1;
  }

  /** Room for a whole number of events as long as those before, or else the last part of each chunk would be empty. */
  #dueChunkBytes(): number {
    const head = this.#head;
    if (head === undefined) return 0;
    const count = this.#newestOffset - head.firstOffset + 1;
    const eventBytes = Math.ceil((this.#position - head.position) / count) + EVENT_GROWTH_BYTES;
    const missingCount = this.isFull ? Number.POSITIVE_INFINITY : this.#capacity - count;
    const dueCount = Math.min(Math.ceil(this.#capacity / CHUNK_SHARE), CHUNK_GROWTH * count, missingCount);
    return Math.min(dueCount, Math.floor(MAX_CHUNK_BYTES / eventBytes)) * eventBytes;
  }

  /** Reports to the budget that it has grown by so many bytes, besides what was not reported yet. */
  #resize(bytes: number): void {
    const change = bytes + this.#unreportedBytes;
    this.#heldBytes += change;
    this.#unreportedBytes = 0;
    this.#budget.resized(this, change);
  }

  #newChunk(sizeBytes: number): Chunk {
    const bytes = bufferPool.take(sizeBytes);
    this.#unreportedBytes += bytes.length;
    return new Chunk(bytes, this.#newestOffset + 1, this.#position);
  }

  /** A chunk that was used before, if it is large enough and not far from the size that is due. */
  #takeSpare(minBytes: number, sizeBytes: number): Chunk | undefined {
    const spare = this.#spare;
    if (spare === undefined || spare.bytes.length < minBytes) return undefined;
    if (spare.bytes.length < sizeBytes / 2 || spare.bytes.length > sizeBytes * 2) return undefined;
    this.#spare = undefined;
    spare.restart(this.#newestOffset + 1, this.#position);
    return spare;
  }
}

/** The events of a range as texts, oldest first; for what is not the wire. */
export function textsOf(range: Range): EncodedEvent[] {
  const events: EncodedEvent[] = [];
  range.forEachEvent((bytes, start, end, offset) => {
    events.push({ topic: range.log.topic, offset, text: bytes.toString("utf8", start, end) });
  });
  return events;
}
