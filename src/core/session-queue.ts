import type { LogOfRange, Range } from "./range.ts";
import type { DropReason, TracedSubscription } from "./trace.ts";
import type { EncodedReplies, Outgoing, TextMessage } from "./transport.ts";

/** Events of one log that a client lost: how many, and the first and the last offset among them. */
export interface Loss {
  readonly log: LogOfRange;
  readonly dropped: number;
  readonly fromOffset: number;
  readonly toOffset: number;
}

/** The bounds of a queue. */
export interface QueueLimits {
  /** The most messages that are queued (`-max-queue-size`). */
  readonly maxMessages: number;
  /** The most bytes that are queued (`-max-queue-bytes`); an encoded reply counts its bytes, a text its characters. */
  readonly maxBytes: number;
}

/** A text that is no event, and the log whose losses must be reported before it. */
interface QueuedText extends TextMessage {
  readonly after: LogOfRange | undefined;
}

/** Encoded replies that may still grow: those of one burst stand one behind the other. */
interface QueuedReplies extends EncodedReplies {
  end: number;
  count: number;
}

type Segment = QueuedText | QueuedReplies | Range;

function countOf(segment: Segment): number {
  return segment.kind === "text" ? 1 : segment.count;
}

function sizeOf(segment: Segment): number {
  switch (segment.kind) {
    case "text":
      return segment.text.length;
    case "replies":
      return segment.end - segment.start;
    case "events":
      return segment.sizeBytes;
  }
}

/**
 * The queue of one client: replies, and ranges of events. It never touches a socket; the session decides when to drop.
 * Events are dropped from the front, replies never. Losses are accounted for exactly, and reported before the log's next
 * event (rulings, section 4).
 */
export class SessionQueue {
  /** From `#head` on; what was taken is undefined, and the array is used again and again. */
  readonly #segments: (Segment | undefined)[] = [];
  #head = 0;
  #size = 0;
  #count = 0;
  #bytes = 0;
  #losses: Map<LogOfRange, { -readonly [K in keyof Loss]: Loss[K] }> | undefined;

  /** How many messages are queued. */
  get count(): number {
    return this.#count;
  }

  /** How many bytes are queued. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Whether nothing is left to be sent, notices of losses included. */
  get isEmpty(): boolean {
    return this.#size === 0 && this.#losses === undefined;
  }

  /** The ranges of events that are queued. */
  *ranges(): Generator<Range> {
    for (const segment of this.#segments) if (segment?.kind === "events") yield segment;
  }

  /** Adds a reply or notice. @param after the log whose losses must be reported before it */
  pushText(text: string, after?: LogOfRange): void {
    this.#push({ kind: "text", text, after });
  }

  /** Adds one encoded reply. */
  pushReply(bytes: Buffer, start: number, end: number): void {
    const last = this.#last;
    if (last?.kind === "replies" && last.bytes === bytes && last.end === start) {
      last.end = end;
      last.count++;
      this.#count++;
      this.#bytes += end - start;
    } else {
      this.#push({ kind: "replies", bytes, start, end, count: 1 });
    }
  }

  /** Adds events of a subscription. `_isReplay` is for a queue that is traced. */
  pushEvents(range: Range, _subscription: TracedSubscription, _isReplay: boolean): void {
    const last = this.#last;
    if (last?.kind === "events" && last.isFollowedBy(range)) {
      this.#segments[this.#head + this.#size - 1] = last.joinedWith(range);
      this.#count += range.count;
      this.#bytes += range.sizeBytes;
    } else {
      this.#push(range);
    }
  }

  /** Removes the events of a log from an offset on, because a replay brings them again. */
  withdraw(log: LogOfRange, fromOffset: number): void {
    for (let i = this.#head; i < this.#head + this.#size; i++) {
      const segment = this.#segments[i];
      if (segment?.kind !== "events" || segment.log !== log || segment.toOffset < fromOffset) continue;
      const kept = segment.fromOffset < fromOffset ? segment.first(fromOffset - segment.fromOffset) : undefined;
      this.#replace(i, segment, kept);
      if (kept === undefined) i--;
    }
  }

  /** Copies the events of a log, so that they do not keep alive what is appended to it from now on. */
  detach(log: LogOfRange): void {
    for (const [i, segment] of this.#segments.entries()) {
      if (segment?.kind === "events" && segment.log === log && !segment.isDetached)
        this.#segments[i] = segment.detached();
    }
  }

  /**
   * Drops the oldest events until the queue is within the limits, or has no more events.
   * @returns how many were dropped
   */
  drop(limits: QueueLimits): number {
    let dropped = 0;
    for (let i = this.#head; i < this.#head + this.#size; i++) {
      const excess = this.#count - limits.maxMessages;
      const excessBytes = this.#bytes - limits.maxBytes;
      if (excess <= 0 && excessBytes <= 0) break;
      const segment = this.#segments[i];
      if (segment?.kind !== "events") continue;
      const count = Math.min(segment.count, Math.max(excess, countToFree(segment, excessBytes)));
      const kept = segment.skip(count);
      this.#replace(i, segment, kept);
      this.recordLoss(segment, count);
      dropped += count;
      if (kept === undefined) i--;
    }
    return dropped;
  }

  /**
   * Removes and returns what the client is to be sent next; undefined when there is nothing.
   * @param maxBytes a range is cut so that it is no longer than this, but it has at least one event
   * @param notice words the notice of a loss, which goes out before the log's next event, or last of all
   */
  next(maxBytes: number, notice: (loss: Loss) => string): Outgoing | undefined {
    const segment = this.#segments[this.#head];
    if (this.#losses !== undefined) {
      const loss = this.#takeLossBefore(segment);
      if (loss !== undefined) return { kind: "text", text: notice(loss) };
    }
    if (segment === undefined) return undefined;
    if (segment.kind === "events" && segment.sizeBytes > maxBytes) {
      const count = segment.countWithin(maxBytes);
      const rest = segment.skip(count);
      if (rest !== undefined) {
        const first = segment.first(count);
        this.#segments[this.#head] = rest;
        this.#count -= first.count;
        this.#bytes -= first.sizeBytes;
        return this.taken(first);
      }
    }
    this.#segments[this.#head] = undefined;
    this.#size--;
    this.#head = this.#size === 0 ? 0 : this.#head + 1;
    this.#count -= countOf(segment);
    this.#bytes -= sizeOf(segment);
    return segment.kind === "events" ? this.taken(segment) : segment;
  }

  /** Forgets everything that is queued, and the losses. The reason is for a queue that is traced. */
  clear(_reason: DropReason): void {
    this.#segments.length = 0;
    this.#head = 0;
    this.#size = 0;
    this.#count = 0;
    this.#bytes = 0;
    this.#losses = undefined;
  }

  /** Called with events that are handed to the socket. */
  protected taken(range: Range): Range {
    return range;
  }

  /** Accounts for the first `count` events of a range, which the client won't get because the queue is full. */
  protected recordLoss({ fromOffset, log }: Range, count: number): void {
    this.#losses ??= new Map();
    const toOffset = fromOffset + count - 1;
    const loss = this.#losses.get(log);
    if (loss === undefined) {
      this.#losses.set(log, { log, dropped: count, fromOffset, toOffset });
    } else {
      loss.dropped += count;
      loss.fromOffset = Math.min(loss.fromOffset, fromOffset);
      loss.toOffset = Math.max(loss.toOffset, toOffset);
    }
  }

  get #last(): Segment | undefined {
    return this.#size === 0 ? undefined : this.#segments[this.#head + this.#size - 1];
  }

  #push(segment: Segment): void {
    this.#compact();
    this.#segments[this.#head + this.#size++] = segment;
    this.#count += countOf(segment);
    this.#bytes += sizeOf(segment);
  }

  /** Moves the segments to the front when most of the array is used up. */
  #compact(): void {
    if (this.#head < 32 || this.#head < this.#size) return;
    this.#segments.splice(0, this.#head);
    this.#head = 0;
  }

  /** Puts what is left of a range in its place. */
  #replace(index: number, range: Range, kept: Range | undefined): void {
    if (kept === undefined) {
      this.#segments.splice(index, 1);
      this.#size--;
    } else {
      this.#segments[index] = kept;
    }
    this.#count -= range.count - (kept?.count ?? 0);
    this.#bytes -= range.sizeBytes - (kept?.sizeBytes ?? 0);
  }

  /** The loss that is to be reported before this segment; with none left to send, any. */
  #takeLossBefore(segment: Segment | undefined): Loss | undefined {
    if (segment === undefined) {
      for (const log of this.#losses?.keys() ?? []) return this.#takeLoss(log);
      return undefined;
    }
    const log = segment.kind === "events" ? segment.log : segment.kind === "text" ? segment.after : undefined;
    return log && this.#takeLoss(log);
  }

  #takeLoss(log: LogOfRange): Loss | undefined {
    const loss = this.#losses?.get(log);
    this.#losses?.delete(log);
    if (this.#losses?.size === 0) this.#losses = undefined;
    return loss;
  }
}

/** How many events from the first on must go to free so many bytes; all where that is not enough. */
function countToFree(range: Range, bytes: number): number {
  if (bytes <= 0) return 0;
  if (bytes >= range.sizeBytes) return range.count;
  const within = range.countWithin(bytes);
  return range.first(within).sizeBytes >= bytes ? within : within + 1;
}
