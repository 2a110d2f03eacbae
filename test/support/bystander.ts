import { expect } from "vitest";
import { TestClient } from "./client.ts";

/** A client of its own that must be served whatever others do: it publishes, and subscribes to what it publishes. */
export class Bystander implements Disposable {
  readonly #client: TestClient;
  #offset = 0;

  private constructor(client: TestClient) {
    this.#client = client;
  }

  static async connect(port: number): Promise<Bystander> {
    const client = await TestClient.connect(port);
    await client.subscribe("bystander");
    return new Bystander(client);
  }

  /** Fails unless a publish is acked and its event comes back, with nothing missing and nothing besides. */
  async expectService(): Promise<void> {
    const offset = ++this.#offset;
    this.#client.publish("bystander", `m${offset}`, { n: offset });
    const messages = await this.#client.settled();
    expect(messages).toHaveLength(2);
    expect(messages).toContainEqual(expect.objectContaining({ type: "ack", offset }));
    expect(messages).toContainEqual(
      expect.objectContaining({ type: "event", offset, message: { id: `m${offset}`, payload: { n: offset } } }),
    );
  }

  [Symbol.dispose](): void {
    this.#client[Symbol.dispose]();
  }
}
