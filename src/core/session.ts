import { encodeError } from "../protocol/encode.ts";
import { CLOSE, type CloseCode } from "../protocol/errors.ts";
import type { PublishRequest } from "../protocol/requests.ts";
import type { Clock, Timestamps } from "./clock.ts";
import type { Counters } from "./counters.ts";
import type { FlushQueue } from "./flush-queue.ts";
import type { Log } from "./log.ts";
import type { Range } from "./range.ts";
import type { ReplyBuffer } from "./reply-buffer.ts";
import type { Loss, QueueLimits, SessionQueue } from "./session-queue.ts";
import type { TracedSubscription } from "./trace.ts";
import type { MessageSource, Outgoing, Transport, TransportKind } from "./transport.ts";

/** What all sessions of a hub share. */
export interface SessionContext {
  readonly clock: Clock;
  readonly timestamps: Timestamps;
  readonly counters: Counters;
  readonly flushQueue: Pick<FlushQueue, "addSession">;
  readonly replies: ReplyBuffer;
  /** Whether queues note in each event's trace what becomes of it, so that events must go through them. */
  readonly keepsTraces: boolean;
  readonly limits: QueueLimits;
  /** Makes a session's queue. The session knows its id and transport by then, and nothing else. */
  readonly newQueue: (session: Session) => SessionQueue;
  /** How long a client may go without reading after a loss until it is called slow (`-write-wait`). */
  readonly writeWaitMs: number;
  /** Words the notice of a loss. */
  readonly lossNotice: (loss: Loss) => string;
  /** Hands to a session what was published to its topics before, so that it gets that before it ends. */
  readonly settle: (session: Session) => void;
  /** Called with what a session's transport threw in the middle of a flush. */
  readonly onFault: (session: Session, error: unknown) => void;
  /** Called with how many events a session has just lost. */
  readonly onDrop: (session: Session, count: number) => void;
  /** Called when a session was found not to read; the session itself is ending by then. */
  readonly onSlow: (session: Session, why: string) => void;
}

/**
 * Larger ranges go through the queue, which hands them to the socket in pieces. What one input brings on Node.js (64 KiB) is
 * less, and on Bun (up to 512 KiB) it can be more.
 */
const MAX_DIRECT_BYTES = 128 * 1024;

/** How a session is being ended: once all is sent, or at the deadline. */
interface Ending {
  readonly code: CloseCode;
  readonly reason: string;
  readonly deadlineMs: number;
}

/** One connected client: its queue, and how well it reads. */
export class Session implements MessageSource {
  /** Unique in this process; for logs. */
  readonly id: number;
  readonly #context: SessionContext;
  readonly #transport: Transport;
  readonly #queue: SessionQueue;
  #droppedCount = 0;
  #isScheduled = false;
  /** Whether the socket takes no more for now. While it does not, messages stay in the queue. */
  #isBlocked = false;
  #bufferedBytes = 0;
  /** What the transport has taken last in the write that is under way. */
  #lastTaken: Range | undefined;
  /** Whether the socket took something since the queue was last held to its bounds, and what is left of the queue of then. */
  #hasProgressed = false;
  #judgedCount = 0;
  #judgedBytes = 0;
  /** Events lost in turns in which the socket took nothing, since it last took something. */
  #droppedSinceProgress = 0;
  /** Since when the client has lost events, or has a queue full of replies, and reads nothing. */
  #troubledSinceMs: number | undefined;
  /** Since when something is queued that the socket did not take; undefined while nothing is. */
  #waitingSinceMs: number | undefined;
  /** Logs that it is no longer subscribed to, of which events may be queued. */
  #leftLogs: Log[] = [];
  #ending: Ending | undefined;
  #isClosed = false;

  constructor(id: number, transport: Transport, context: SessionContext) {
    this.id = id;
    this.#transport = transport;
    this.#context = context;
    this.#queue = context.newQueue(this);
  }

  /** How the client is connected. */
  get transportKind(): TransportKind {
    return this.#transport.kind;
  }

  /** How many events it has lost because it did not read. */
  get droppedCount(): number {
    return this.#droppedCount;
  }

  /** How many messages are queued because the socket takes no more. */
  get queueDepth(): number {
    return this.#queue.count;
  }

  /** How many bytes are queued because the socket takes no more. */
  get queueBytes(): number {
    return this.#queue.bytes;
  }

  /** The events that are queued because the socket takes no more; they keep parts of logs alive. */
  queuedRanges(): Iterable<Range> {
    return this.#queue.ranges();
  }

  /** Whether it takes requests and events: neither closed nor about to be. */
  get isOpen(): boolean {
    return !this.#isClosed && this.#ending === undefined;
  }

  /**
   * Sends a reply or notice, with all other messages of the same burst; a closed or ending session ignores it.
   * @param after the log whose losses must be reported before it
   */
  send(text: string, after?: Log): void {
    if (!this.isOpen) return;
    this.#queue.pushText(text, after);
    this.#schedule();
  }

  /** Acknowledges a publish; `offset` is the event's own, or that of the one that it would have repeated. */
  acknowledge(request: PublishRequest, log: Log, offset: number, isDuplicate: boolean): void {
    if (!this.isOpen) return;
    const { replies, timestamps } = this.#context;
    const end = replies.reserve(log.encoder.ackLength(request, offset, isDuplicate));
    const { block, frameStart, payloadStart } = replies;
    // The event has just read the clock; a duplicate has none.
    const messageEnd = isDuplicate ? timestamps.end() : timestamps.lastEnd();
    log.encoder.writeAck(block, payloadStart, request, offset, isDuplicate, messageEnd);
    this.#queue.pushReply(block.bytes, frameStart, end);
    replies.frameStart = end;
    this.#schedule();
  }

  /** Sends events of a subscription, of the past if it is a replay; a closed or ending session ignores them. */
  deliver(range: Range, subscription: TracedSubscription, isReplay: boolean): void {
    if (!this.isOpen) return;
    range.log.retain(range.toOffset);
    this.#queue.pushEvents(range, subscription, isReplay);
    this.#schedule();
  }

  /**
   * Sends the new events of a subscription within a flush, before which nothing more is appended to their log.
   * @param isAlone whether no other topic is flushed: then there is nothing to gather
   * @returns whether they were written at once
   */
  deliverAtFlush(range: Range, subscription: TracedSubscription, isAlone: boolean): boolean {
    if (!this.isOpen) {
      // It gets no more events: what is queued is copied, so that it does not keep the log's later chunks alive.
      this.#queue.detach(range.log);
      return false;
    }
    if (isAlone && !this.#isScheduled && this.#writeNow(range)) return true;
    if (this.#isBlocked) range.log.retain(range.toOffset);
    this.#queue.pushEvents(range, subscription, false);
    this.#schedule();
    return false;
  }

  /** Removes queued events of a log from an offset on, because a replay is about to bring them again. */
  withdraw(log: Log, fromOffset: number): void {
    this.#queue.withdraw(log, fromOffset);
  }

  /**
   * Notes that the session is no longer subscribed to a log: what is still queued of it after the next flush must not keep
   * alive what is appended later.
   */
  detach(log: Log): void {
    this.#leftLogs.push(log);
    this.#schedule();
  }

  /** Hands to the socket what is queued, as far as it takes it; holds the queue of a full socket to its bounds. */
  flush(): void {
    this.#isScheduled = false;
    if (this.#isClosed) return;
    // Blocked since an earlier turn: the socket has had its chance to drain.
    if (this.#isBlocked && !this.#retry()) {
      this.#judge();
    } else {
      this.#write();
      if (this.#isBlocked) this.#startJudging();
    }
    if (this.#leftLogs.length > 0) this.#detachLeftLogs();
  }

  /** The next message for the transport; see `MessageSource`. */
  next(maxBytes: number): Outgoing | undefined {
    const message = this.#queue.next(maxBytes, this.#context.lossNotice);
    if (message?.kind === "events") {
      this.#lastTaken = message;
      if (this.#transport.readsLater) message.log.retain(message.toOffset);
    }
    return message;
  }

  /** The socket may take more again. How much it took is read anew: the call itself says nothing. */
  drained(): void {
    if (!this.#isClosed && this.#retry()) this.#write();
  }

  /** Checks whether the client still reads; to be called every so often. */
  sweep(nowMs: number): void {
    if (this.#ending !== undefined && nowMs >= this.#ending.deadlineMs) {
      this.#isClosed = true;
      this.#transport.terminate();
      return;
    }
    if (!this.#isBlocked) return;
    if (this.#retry()) {
      // What the socket has not taken of this write, it has had no chance to take.
      this.#write();
      return;
    }
    this.#judge();
    const { writeWaitMs } = this.#context;
    if (this.isOpen && this.#troubledSinceMs !== undefined && nowMs - this.#troubledSinceMs >= writeWaitMs) {
      this.#endAsSlow("the socket took no data for -write-wait");
    }
  }

  /** Sends a protocol-level ping, unless the socket takes nothing anyway. */
  ping(): void {
    if (!this.#isClosed && !this.#isBlocked) this.#transport.ping();
  }

  /** Takes no more messages, sends what is queued, then closes; destroys the connection after `withinMs`. */
  end(code: CloseCode, reason: string, withinMs: number): void {
    if (!this.isOpen) return;
    this.#context.settle(this);
    this.#ending = { code, reason, deadlineMs: this.#context.clock.monotonicMs() + withinMs };
    this.#schedule();
  }

  /** Closes now; what is still queued is lost. */
  close(code: CloseCode, reason: string): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#transport.close(code, reason);
  }

  /** Destroys the connection now. */
  terminate(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#transport.terminate();
  }

  /** Notes that the transport is gone, and lets go of the queue. */
  closed(): void {
    this.#isClosed = true;
    this.#queue.clear("disconnected");
  }

  #schedule(): void {
    if (this.#isBlocked) this.#waitingSinceMs ??= this.#context.clock.monotonicMs();
    if (this.#isScheduled || this.#isClosed) return;
    this.#isScheduled = true;
    this.#context.flushQueue.addSession(this);
  }

  /** Writes events past the empty queue; returns whether that was possible. */
  #writeNow(range: Range): boolean {
    const { counters, keepsTraces, onFault } = this.#context;
    if (this.#isBlocked || keepsTraces || !this.#queue.isEmpty || range.sizeBytes > MAX_DIRECT_BYTES) return false;
    const transport = this.#transport;
    try {
      if (transport.bufferedBytes() > 0) return false;
      if (transport.readsLater) range.log.retain(range.toOffset);
      this.#isBlocked = transport.writeEvents(range);
      counters.sentBytes += range.sizeBytes;
      if (!this.#isBlocked) return true;
      range.log.retain(range.toOffset);
      this.#bufferedBytes = transport.bufferedBytes();
      this.#startJudging();
    } catch (error) {
      onFault(this, error);
    }
    return true;
  }

  /** The full socket and the queue refer to events, so their memory must not be used again. */
  #retainQueued(): void {
    this.#lastTaken?.log.retain(this.#lastTaken.toOffset);
    for (const { log, toOffset } of this.#queue.ranges()) log.retain(toOffset);
  }

  #write(): void {
    if (!this.#queue.isEmpty) {
      const { bytes, count } = this.#queue;
      this.#isBlocked = this.#transport.write(this);
      if (this.#isBlocked) this.#retainQueued();
      this.#lastTaken = undefined;
      this.#bufferedBytes = this.#isBlocked ? this.#transport.bufferedBytes() : 0;
      this.#context.counters.sentBytes += bytes - this.#queue.bytes;
      this.#noteProgress();
      this.#judgedCount = Math.max(0, this.#judgedCount - (count - this.#queue.count));
      this.#judgedBytes = Math.max(0, this.#judgedBytes - (bytes - this.#queue.bytes));
      if (this.#isBlocked || this.#waitingSinceMs !== undefined) this.#noteWaiting();
    }
    if (!this.#isBlocked && this.#ending !== undefined) this.close(this.#ending.code, this.#ending.reason);
  }

  /** Once a flush, when the queue is within its bounds: who subscribes and leaves again and again has nothing copied twice. */
  #detachLeftLogs(): void {
    if (this.#isBlocked) for (const log of new Set(this.#leftLogs)) this.#queue.detach(log);
    this.#leftLogs = [];
  }

  /** Reads how much the socket still holds; returns whether it takes more. */
  #retry(): boolean {
    const buffered = this.#transport.bufferedBytes();
    if (buffered < this.#bufferedBytes) this.#noteProgress();
    this.#bufferedBytes = buffered;
    this.#isBlocked = buffered > 0;
    return !this.#isBlocked;
  }

  #noteProgress(): void {
    this.#hasProgressed = true;
    this.#droppedSinceProgress = 0;
    this.#troubledSinceMs = undefined;
  }

  #startJudging(): void {
    this.#hasProgressed = false;
    this.#judgedCount = this.#queue.count;
    this.#judgedBytes = this.#queue.bytes;
  }

  /** Holds the queue of a socket that is still full to its bounds, and ends a client that does not read. */
  #judge(): void {
    const { clock, counters, limits, onDrop } = this.#context;
    const hasProgressed = this.#hasProgressed;
    const { maxBytes, maxMessages } = hasProgressed ? this.#boundsOfReader() : limits;
    const dropped = this.#queue.drop({ maxBytes, maxMessages });
    this.#startJudging();
    if (dropped > 0) {
      this.#droppedCount += dropped;
      if (!hasProgressed) this.#droppedSinceProgress += dropped;
      counters.dropped += dropped;
      onDrop(this, dropped);
    }
    const { bytes, count } = this.#queue;
    // Over the bounds after the drop: only replies are left.
    const isFull = count > maxMessages || bytes > maxBytes;
    if (!this.isOpen || (dropped === 0 && !isFull)) return;
    this.#troubledSinceMs ??= clock.monotonicMs();
    if (this.#droppedSinceProgress >= limits.maxMessages) {
      this.#endAsSlow("another full queue was dropped, and the socket took no data");
    } else if (count > 2 * maxMessages || bytes > 2 * maxBytes) {
      this.#endAsSlow("the queue is full of replies");
    }
  }

  /** A client that reads must not lose a message to a burst: what one turn has brought may exceed the bounds. */
  #boundsOfReader(): QueueLimits {
    const { maxBytes, maxMessages } = this.#context.limits;
    return {
      maxMessages: Math.max(maxMessages, this.#queue.count - this.#judgedCount),
      maxBytes: Math.max(maxBytes, this.#queue.bytes - this.#judgedBytes),
    };
  }

  /** Measures how long waited what a full socket has taken now; the flush queue measures all else. */
  #noteWaiting(): void {
    const now = this.#context.clock.monotonicMs();
    const sinceMs = this.#waitingSinceMs;
    if (sinceMs !== undefined) this.#context.counters.publishToWriteSec.observe((now - sinceMs) / 1000);
    // What is left waits from now on, as far as is known: to note the time of every message would cost too much.
    this.#waitingSinceMs = this.#queue.isEmpty ? undefined : now;
  }

  #endAsSlow(why: string): void {
    const { clock, counters, onSlow, timestamps, writeWaitMs } = this.#context;
    counters.slowConsumers++;
    counters.errors.SLOW_CONSUMER++;
    this.#queue.clear("slow consumer");
    const message = `the client does not read: ${why}`;
    this.#queue.pushText(encodeError(undefined, "SLOW_CONSUMER", message, timestamps.now()));
    this.#ending = { code: CLOSE.POLICY, reason: "slow consumer", deadlineMs: clock.monotonicMs() + writeWaitMs };
    onSlow(this, why);
  }
}
