import type { Event, TopicName } from "./engine.ts";
import { type DropReason, type Loss, Outbox, type OutboxLimits, type Outgoing, type Verdict } from "./outbox.ts";
import { Delivery, type Recipient, type Traces } from "./trace.ts";

/** Says who gets the events of a topic from an outbox. */
export type RecipientOf = (topic: TopicName) => Recipient;

/**
 * An outbox that notes in each event's trace what becomes of it. One of its own instead of checks in every outbox: without
 * `-trace`, the code that a delivery runs through is the plain one.
 */
export class TracedOutbox extends Outbox {
  readonly #traces: Pick<Traces, "of">;
  readonly #recipientOf: RecipientOf;

  constructor(limits: OutboxLimits, traces: Pick<Traces, "of">, recipientOf: RecipientOf) {
    super(limits);
    this.#traces = traces;
    this.#recipientOf = recipientOf;
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
    return this.#traces.of(message)?.add(this.#recipientOf(message.topic)) ?? message;
  }
}
