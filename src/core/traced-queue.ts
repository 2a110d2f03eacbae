import type { LogOfRange, Range } from "./range.ts";
import { SessionQueue } from "./session-queue.ts";
import type { Delivery, DropReason, TracedSubscription } from "./trace.ts";
import type { TransportKind } from "./transport.ts";

/** Whose queue it is. */
export interface Owner {
  /** The session's id. */
  readonly client: number;
  readonly transport: TransportKind;
}

/**
 * A queue that notes in each event's trace what becomes of it. One of its own instead of checks in every queue: without
 * `-trace`, the code that a delivery runs through is the plain one.
 */
export class TracedQueue extends SessionQueue {
  readonly #owner: Owner;
  /** What is queued, by log and offset; an offset has several if the client subscribed to its topic again. */
  readonly #pending = new Map<LogOfRange, Map<number, Delivery[]>>();
  /** From which offset on the last replay brings what was queued already. */
  #withdrawn: { readonly log: LogOfRange; readonly fromOffset: number } | undefined;

  constructor(owner: Owner) {
    super();
    this.#owner = owner;
  }

  override pushEvents(range: Range, subscription: TracedSubscription, isReplay: boolean): void {
    super.pushEvents(range, subscription, isReplay);
    const withdrawn = this.#withdrawn;
    this.#withdrawn = undefined;
    const { client, transport } = this.#owner;
    for (let offset = range.fromOffset; offset <= range.toOffset; offset++) {
      // Its delivery is under way already; only its place in the queue has changed.
      const isQueued = withdrawn?.log === range.log && offset >= withdrawn.fromOffset;
      if (isQueued && this.#pending.get(range.log)?.has(offset)) continue;
      const trace = subscription.topic.trace(offset);
      if (trace !== undefined) {
        this.#add(range.log, offset, trace.add({ client, clientId: subscription.clientId, transport }, isReplay));
      }
    }
  }

  override withdraw(log: LogOfRange, fromOffset: number): void {
    super.withdraw(log, fromOffset);
    this.#withdrawn = { log, fromOffset };
  }

  override clear(reason: DropReason): void {
    for (const deliveries of this.#pending.values()) {
      for (const delivery of [...deliveries.values()].flat()) delivery.dropped(reason);
    }
    this.#pending.clear();
    super.clear(reason);
  }

  protected override taken(range: Range): Range {
    for (let offset = range.fromOffset; offset <= range.toOffset; offset++) this.#take(range.log, offset)?.written();
    return range;
  }

  protected override recordLoss(range: Range, count: number): void {
    for (let offset = range.fromOffset; offset < range.fromOffset + count; offset++) {
      this.#take(range.log, offset)?.dropped("queue full");
    }
    super.recordLoss(range, count);
  }

  #add(log: LogOfRange, offset: number, delivery: Delivery): void {
    const ofLog = this.#pending.get(log) ?? new Map<number, Delivery[]>();
    this.#pending.set(log, ofLog);
    const ofOffset = ofLog.get(offset);
    if (ofOffset === undefined) ofLog.set(offset, [delivery]);
    else ofOffset.push(delivery);
  }

  #take(log: LogOfRange, offset: number): Delivery | undefined {
    const ofLog = this.#pending.get(log);
    const ofOffset = ofLog?.get(offset);
    const delivery = ofOffset?.shift();
    if (ofOffset?.length === 0) ofLog?.delete(offset);
    if (ofLog?.size === 0) this.#pending.delete(log);
    return delivery;
  }
}
