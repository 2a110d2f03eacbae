import type { Event, TopicName } from "./engine.ts";
import { type DropReason, type Loss, Outbox, type OutboxLimits, type Outgoing, type Verdict } from "./outbox.ts";
import { Delivery, traceOf } from "./trace.ts";
import type { TransportKind } from "./transport.ts";

/** Whose outbox it is. */
export interface Owner {
  /** The session's id. */
  readonly client: number;
  readonly transport: TransportKind;
  /** The label of its subscription to a topic. */
  readonly clientIdIn: (topic: TopicName) => string;
}

/**
 * An outbox that notes in each event's trace what becomes of it. One of its own instead of checks in every outbox: without
 * `-trace`, the code that a delivery runs through is the plain one.
 */
export class TracedOutbox extends Outbox {
  readonly #owner: Owner;

  constructor(limits: OutboxLimits, owner: Owner) {
    super(limits);
    this.#owner = owner;
  }

  override push(message: Outgoing): void {
    super.push(this.#traced(message));
  }

  override offer(message: Outgoing): Verdict {
    return super.offer(this.#traced(message));
  }

  override next(notice: (loss: Loss) => string): Outgoing | undefined {
    const message = super.next(notice);
    if (!(message instanceof Delivery)) return message;
    message.written();
    return message.event;
  }

  override clear(reason: DropReason): void {
    for (let message = super.next(String); message !== undefined; message = super.next(String)) {
      if (message instanceof Delivery) message.dropped(reason);
    }
    super.clear(reason);
  }

  protected override recordLoss(event: Event): void {
    if (event instanceof Delivery) event.dropped("queue full");
    super.recordLoss(event);
  }

  #traced(message: Outgoing): Outgoing {
    // Offered, it is traced before it is pushed.
    if (typeof message === "string" || message instanceof Delivery) return message;
    const { client, clientIdIn, transport } = this.#owner;
    return traceOf(message)?.add(client, clientIdIn(message.topic), transport) ?? message;
  }
}
