import assert from "node:assert/strict";
import type { Session } from "../../src/core/session.ts";
import { FakeTransport } from "./fake-transport.ts";
import type { HubUnderTest } from "./hub.ts";
import type { ClientModel } from "./session-model.ts";
import { WireCheck } from "./wire-check.ts";

/** A client of the real hub, with its model beside it. */
export class RunClient {
  readonly transport = new FakeTransport();
  readonly session: Session;
  readonly model: ClientModel;
  readonly wire = new WireCheck();
  /** What the client learns each time that it reads a text. */
  readonly #meanings = new Map<string, (() => void)[]>();
  /** Whether its socket was full when the server began to look. */
  wasFull = false;
  /** Whether the server has written since. */
  hasWritten = false;
  #read = 0;

  constructor({ hub }: HubUnderTest, model: ClientModel, sliceBytes: number) {
    this.transport.sliceBytes = sliceBytes;
    this.session = hub.connect(this.transport);
    this.model = model;
  }

  get isFull(): boolean {
    return this.transport.bufferedBytes() > 0;
  }

  /** Holds what was written since the last time to the model. */
  sync(): void {
    this.readWritten();
    assert.equal(this.session.queueDepth, this.model.count);
    assert.equal(this.session.queueBytes, this.model.bytes);
  }

  startLooking(): void {
    this.wasFull = this.isFull;
    this.hasWritten = false;
  }

  readWritten(): void {
    const { texts } = this.transport;
    if (texts.length > this.#read) {
      this.hasWritten = true;
      this.model.progress();
    }
    for (; this.#read < texts.length; this.#read++) this.#check(texts[this.#read] ?? "");
  }

  /** Notes what the client will learn from a text. */
  expectReply(text: string, meaning: () => void): void {
    const meanings = this.#meanings.get(text) ?? [];
    this.#meanings.set(text, meanings);
    meanings.push(meaning);
  }

  /** The client reads: there is room for more. */
  read(room: number): void {
    const before = this.transport.bufferedBytes();
    this.transport.room += room;
    this.transport.handOver();
    if (this.transport.bufferedBytes() < before) this.model.progress();
  }

  #check(text: string): void {
    const expected = this.model.next();
    switch (expected?.kind) {
      case "event":
        assert.equal(text, expected.text);
        this.wire.event(expected.of, expected.offset);
        break;
      case "loss": {
        const { dropped, from, of, to } = expected;
        const { info, topic } = JSON.parse(text);
        const reported = [topic, info.code, info.dropped, info.from_offset, info.to_offset];
        assert.deepEqual(reported, [of.name, "MESSAGES_DROPPED", dropped, from, to]);
        this.wire.lost(of, dropped);
        break;
      }
      default:
        assert.equal(text, expected?.text);
        this.#meanings.get(text)?.shift()?.();
    }
  }
}
