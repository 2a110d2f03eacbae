import { encodeError } from "../protocol/encode.ts";
import { CLOSE, type CloseCode } from "../protocol/errors.ts";
import type { Clock, Timestamps } from "./clock.ts";
import type { Counters } from "./counters.ts";
import type { FlushQueue } from "./flush-queue.ts";
import type { Loss, Outbox, Outgoing } from "./outbox.ts";
import type { MessageSource, Transport, TransportKind } from "./transport.ts";

/** What all sessions of a hub share. */
export interface SessionContext {
  readonly clock: Clock;
  readonly timestamps: Timestamps;
  readonly counters: Counters;
  readonly flushQueue: FlushQueue<Session>;
  /** Makes a session's queue. The session knows its id and transport by then, and nothing else. */
  readonly newOutbox: (session: Session) => Outbox;
  /** How long a socket may accept nothing before its client is called slow (`-write-wait`). */
  readonly writeWaitMs: number;
  /** Words the notice of a loss. */
  readonly lossNotice: (loss: Loss) => string;
  /** Told how many events a session has just lost. */
  readonly onDrop: (session: Session, count: number) => void;
  /** Told when a session was found not to read; the session itself is ending by then. */
  readonly onSlow: (session: Session, why: string) => void;
  /** Told what a session's transport threw while somebody else was being served. */
  readonly onFault: (session: Session, error: unknown) => void;
}

/** How a session is being ended: once all is sent, or at the deadline. */
interface Ending {
  readonly code: CloseCode;
  readonly reason: string;
  readonly deadlineMs: number;
}

/** One connected client: what waits for it, what it subscribed to, and how well it reads. */
export class Session implements MessageSource {
  /** Unique in this process; for logs. */
  readonly id: number;
  readonly #context: SessionContext;
  readonly #transport: Transport;
  readonly #outbox: Outbox;
  #droppedCount = 0;
  #flushScheduled = false;
  /** Whether the socket takes no more for now. While it does not, messages wait in the outbox. */
  #blocked = false;
  #bufferedBytes = 0;
  #lastProgressMs = 0;
  /** Since when something waits that the socket did not take; undefined while nothing does. */
  #waitingSinceMs: number | undefined;
  #ending: Ending | undefined;
  #closed = false;

  constructor(id: number, transport: Transport, context: SessionContext) {
    this.id = id;
    this.#transport = transport;
    this.#context = context;
    this.#outbox = context.newOutbox(this);
  }

  /** How the client is connected. */
  get transportKind(): TransportKind {
    return this.#transport.kind;
  }

  /** How many events it has lost because it did not read. */
  get droppedCount(): number {
    return this.#droppedCount;
  }

  /** How many messages wait because the socket takes no more. */
  get queueDepth(): number {
    return this.#outbox.count;
  }

  /** How many bytes wait because the socket takes no more. */
  get queueBytes(): number {
    return this.#outbox.bytes;
  }

  /** Whether it takes requests and events: neither closed nor about to be. */
  get isOpen(): boolean {
    return !this.#closed && this.#ending === undefined;
  }

  /** Sends a message with all others of the same burst; a closed or ending session ignores it. */
  send(message: Outgoing): void {
    if (!this.isOpen) return;
    try {
      this.#enqueue(message);
    } catch (error) {
      // It may be in the middle of a fan-out: neither the publisher nor the others are to suffer for this socket.
      this.#context.onFault(this, error);
    }
  }

  /** Hands to the socket what waits, in one write, as far as it takes it. */
  flush(): void {
    this.#flushScheduled = false;
    if (this.#closed || this.#blocked) return;
    if (!this.#outbox.isEmpty) {
      const before = this.#outbox.bytes;
      this.#blocked = this.#transport.write(this);
      this.#context.counters.sentBytes += before - this.#outbox.bytes;
      this.#noteProgress();
      if (this.#blocked || this.#waitingSinceMs !== undefined) this.#noteWaiting();
    }
    if (!this.#blocked && this.#ending !== undefined) this.close(this.#ending.code, this.#ending.reason);
  }

  /** The next message for the transport; see `MessageSource`. */
  next(): Outgoing | undefined {
    return this.#outbox.next(this.#context.lossNotice);
  }

  /** Tells that the socket may take more again. How much it took is read anew: the call itself says nothing. */
  drained(): void {
    const buffered = this.#transport.bufferedBytes();
    if (buffered < this.#bufferedBytes) this.#noteProgress();
    if (buffered > 0) return;
    this.#blocked = false;
    this.flush();
  }

  /** Looks whether the client still reads; to be called every so often. */
  sweep(nowMs: number): void {
    if (this.#ending !== undefined && nowMs >= this.#ending.deadlineMs) {
      this.#closed = true;
      this.#transport.terminate();
    } else if (this.#blocked) {
      this.drained();
      if (this.#blocked && this.isOpen && nowMs - this.#lastProgressMs >= this.#context.writeWaitMs) {
        this.#endAsSlow("the socket accepted nothing for the write wait");
      }
    }
  }

  /** Sends a protocol-level ping, unless the socket takes nothing anyway. */
  ping(): void {
    if (!this.#closed && !this.#blocked) this.#transport.ping();
  }

  /** Takes no more messages, sends what waits, then closes; destroys the connection after `withinMs`. */
  end(code: CloseCode, reason: string, withinMs: number): void {
    if (!this.isOpen) return;
    this.#ending = { code, reason, deadlineMs: this.#context.clock.monotonicMs() + withinMs };
    this.#scheduleFlush();
  }

  /** Closes now; what still waits in the queue is lost. */
  close(code: CloseCode, reason: string): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#transport.close(code, reason);
  }

  /** Destroys the connection now. */
  terminate(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#transport.terminate();
  }

  /** Notes that the transport is gone, and lets go of what waited. */
  closed(): void {
    this.#closed = true;
    this.#outbox.clear("disconnected");
  }

  #enqueue(message: Outgoing): void {
    if (!this.#outbox.fits(message)) {
      this.#offerToSocket();
      if (!this.#blocked && !this.#outbox.fits(message)) {
        // The socket took all there was, so this message, larger than the whole queue, goes straight on.
        this.#outbox.push(message);
        this.flush();
        return;
      }
    }
    const droppedBefore = this.#outbox.droppedSinceProgress;
    const verdict = this.#outbox.offer(message);
    const dropped = this.#outbox.droppedSinceProgress - droppedBefore;
    if (dropped > 0) {
      this.#droppedCount += dropped;
      this.#context.counters.dropped += dropped;
      this.#context.onDrop(this, dropped);
    }
    switch (verdict) {
      case "queued":
      case "dropped":
        break;
      case "stalled":
        if (!this.#retrySocket()) this.#endAsSlow("a whole further queue was dropped and nothing accepted");
        break;
      case "full":
        this.#endAsSlow("the queue is full of answers");
        break;
    }
    this.#scheduleFlush();
  }

  #scheduleFlush(): void {
    if (this.#flushScheduled || this.#closed) return;
    if (this.#blocked) {
      this.#waitingSinceMs ??= this.#context.clock.monotonicMs();
      return;
    }
    this.#flushScheduled = true;
    this.#context.flushQueue.add(this);
  }

  /** Before anything is lost, the socket is asked; if it was full, once per run of losses. */
  #offerToSocket(): void {
    if (this.#blocked && this.#outbox.droppedSinceProgress === 0) this.#retrySocket();
    if (!this.#blocked) {
      // An earlier schedule stays valid: the flush it brings finds nothing or what came since.
      const scheduled = this.#flushScheduled;
      this.flush();
      this.#flushScheduled = scheduled;
    }
  }

  /**
   * Has a full socket try again to hand over what it holds: in a long burst it may have room by now, and the event
   * loop had no turn to tell. Returns whether it took anything.
   */
  #retrySocket(): boolean {
    this.#transport.ping();
    const buffered = this.#transport.bufferedBytes();
    if (buffered >= this.#bufferedBytes) return false;
    this.#blocked = buffered > 0;
    this.#noteProgress();
    return true;
  }

  #noteProgress(): void {
    this.#outbox.noteProgress();
    if (!this.#blocked) return;
    this.#bufferedBytes = this.#transport.bufferedBytes();
    this.#lastProgressMs = this.#context.clock.monotonicMs();
  }

  /** Measures how long waited what a full socket has taken now; the flush queue measures all else. */
  #noteWaiting(): void {
    const now = this.#context.clock.monotonicMs();
    const sinceMs = this.#waitingSinceMs;
    if (sinceMs !== undefined) this.#context.counters.publishToWriteSec.observe((now - sinceMs) / 1000);
    // What is left waits from now on, as far as is known: to note the time of every message would cost more than it tells.
    this.#waitingSinceMs = this.#outbox.isEmpty ? undefined : now;
  }

  #endAsSlow(why: string): void {
    const { clock, counters, onSlow, timestamps, writeWaitMs } = this.#context;
    counters.slowConsumers++;
    counters.errors.SLOW_CONSUMER++;
    this.#outbox.clear("slow consumer");
    const message = `the client does not read: ${why}`;
    this.#outbox.push(encodeError(undefined, "SLOW_CONSUMER", message, timestamps.now()));
    this.#ending = { code: CLOSE.POLICY, reason: "slow consumer", deadlineMs: clock.monotonicMs() + writeWaitMs };
    onSlow(this, why);
  }
}
