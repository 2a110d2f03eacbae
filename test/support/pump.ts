import { deferred } from "../../src/client/deferred.ts";
import type { TestClient } from "./client.ts";
import { within } from "./mailbox.ts";

/** Publishes on their way at a time. */
const WINDOW = 10;

/** Publishes to a topic without a pause, on a connection of its own, until it is stopped. */
export class Pump {
  readonly #publisher: TestClient;
  readonly #topic: string;
  readonly #running: Promise<void>;
  #stopping = false;
  #sent = 0;
  #offset = 0;
  #awaited: { readonly offset: number; readonly resolve: () => void } | undefined;

  constructor(publisher: TestClient, topic: string) {
    this.#publisher = publisher;
    this.#topic = topic;
    this.#running = this.#run();
    // Whoever awaits `reached` or `stop` learns of it.
    this.#running.catch(() => {});
  }

  /** Resolves when the topic has taken the event with this offset. */
  reached(offset: number): Promise<void> {
    if (this.#offset >= offset) return Promise.resolve();
    const { promise, resolve } = deferred<void>();
    this.#awaited = { offset, resolve };
    return within(Promise.race([promise, this.#running]), `offset ${offset}`, 20_000);
  }

  /** Stops, and resolves with the offset of the last event. */
  async stop(): Promise<number> {
    this.#stopping = true;
    await within(this.#running, "the last acks", 20_000);
    return this.#offset;
  }

  async #run(): Promise<void> {
    for (let i = 0; i < WINDOW; i++) this.#publish();
    for (let acked = 0; acked < this.#sent; acked++) {
      const { offset } = await this.#publisher.expect("ack", 20_000);
      this.#offset = offset ?? 0;
      if (this.#awaited !== undefined && this.#offset >= this.#awaited.offset) this.#awaited.resolve();
      if (!this.#stopping) this.#publish();
    }
  }

  #publish(): void {
    this.#publisher.publish(this.#topic, `m${++this.#sent}`, this.#sent);
  }
}
