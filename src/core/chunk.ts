import { type Block, viewOf } from "../bytes/block.ts";

/**
 * A piece of a log: events as WebSocket frames, one behind the other. A byte once written does not move or change while
 * anybody may read it, so that writes to sockets can refer to it.
 */
export class Chunk implements Block {
  readonly bytes: Buffer;
  readonly view: DataView;
  /** Whether it is a copy that stands in no log. */
  readonly isDetached: boolean;
  /** The offset of its first event. */
  firstOffset: number;
  /** How many bytes of events the log had before this chunk. */
  position: number;
  /** How many events it has. */
  count = 0;
  used = 0;
  next: Chunk | undefined;
  /** Where each event ends; what is behind the last one is of an earlier use. */
  readonly #ends: number[] = [];

  /** @param bytes memory of its own; not from `allocUnsafe`, whose small buffers share slabs and keep them alive */
  constructor(bytes: Buffer, firstOffset: number, position: number, isDetached = false) {
    this.bytes = bytes;
    this.view = viewOf(bytes);
    this.firstOffset = firstOffset;
    this.position = position;
    this.isDetached = isDetached;
  }

  /** The offset behind its last event. */
  get endOffset(): number {
    return this.firstOffset + this.count;
  }

  /** Where the event at an index starts. */
  startOf(index: number): number {
    return index === 0 ? 0 : this.endOf(index - 1);
  }

  /** Where the event at an index ends. */
  endOf(index: number): number {
    return this.#ends[index] ?? 0;
  }

  /** Notes that an event was written behind the last one, which has so many bytes. */
  added(length: number): void {
    this.used += length;
    this.#ends[this.count++] = this.used;
  }

  /** Makes an empty chunk of it, once nobody reads it any more. */
  restart(firstOffset: number, position: number): void {
    this.firstOffset = firstOffset;
    this.position = position;
    this.count = 0;
    this.used = 0;
    this.next = undefined;
  }
}
