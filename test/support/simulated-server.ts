import pino from "pino";
import { Timestamps } from "../../src/core/clock.ts";
import { draftOf } from "../../src/core/draft.ts";
import type { HubOptions } from "../../src/core/hub.ts";
import { createDecoder } from "../../src/protocol/decode.ts";
import { Refusal } from "../../src/protocol/errors.ts";
import { PublishMemo } from "../../src/protocol/publish-memo.ts";
import { ANYBODY } from "../../src/server/access/principal.ts";
import { type Client, Dispatcher } from "../../src/server/dispatch.ts";
import { Journal } from "../../src/server/system/journal.ts";
import type { FakeSocket } from "./fake-platform.ts";
import { FakeTransport } from "./fake-transport.ts";
import { HubUnderTest, RING_CAPACITY } from "./hub.ts";

interface Link {
  readonly transport: FakeTransport;
  readonly client: Client;
  delivered: number;
  /** How many events its client had lost when it last subscribed, and which was the newest then. */
  droppedBefore: number;
  newestBefore: number;
}

/** A message that a topic took. */
export interface Taken {
  readonly epoch: string;
  readonly offset: number;
  readonly idJson: string;
  readonly payloadJson: string;
}

/** The real hub and dispatcher behind links on which nothing moves until a test moves it. */
export class SimulatedServer {
  readonly topics: HubUnderTest;
  /** All that any topic took, in order. */
  readonly taken: Taken[] = [];
  readonly #room: number;
  readonly #dispatcher: Dispatcher;
  readonly #links = new Map<FakeSocket, Link>();
  #published = 0;

  /**
   * @param room how many bytes a link holds before it is full
   * @param maxHistoryBytes the most bytes of all topics' histories
   */
  constructor(options: Partial<HubOptions>, room: number, maxHistoryBytes: number) {
    this.topics = new HubUnderTest(options, { maxBytes: maxHistoryBytes });
    this.#room = room;
    const { clock, hub } = this.topics;
    const publish = hub.publish.bind(hub);
    hub.publish = (name, draft, wish) => {
      const result = publish(name, draft, wish);
      if (!(result instanceof Refusal) && !result.duplicate) {
        const { bytes, idEnd, idStart, payloadEnd, payloadStart } = draft;
        const idJson = bytes.toString("utf8", idStart, idEnd);
        const payloadJson = bytes.toString("utf8", payloadStart, payloadEnd);
        this.taken.push({ epoch: result.topic.epoch, offset: Number(result.offset), idJson, payloadJson });
      }
      return result;
    };
    this.#dispatcher = new Dispatcher({
      hub,
      decode: createDecoder(RING_CAPACITY),
      timestamps: new Timestamps(clock),
      logger: pino({ level: "silent" }),
      tokens: { verify: () => Promise.reject(new Error("there are no tokens")) },
      journal: new Journal(),
      serverName: "simulated",
      maxLastN: RING_CAPACITY,
    });
  }

  /** Somebody else publishes. */
  publish(topic: string): void {
    const payloadJson = String(++this.#published);
    this.topics.hub.publish(topic, draftOf(`"other-${payloadJson}"`, payloadJson), { dedupe: false });
    this.topics.endTick();
  }

  /** Accepts a client's socket. */
  accept(socket: FakeSocket): void {
    const transport = new FakeTransport();
    transport.room = this.#room;
    // A link holds a handful of messages; it must not be given a whole queue at once.
    transport.sliceBytes = 1;
    const session = this.topics.hub.connect(transport);
    this.#links.set(socket, {
      transport,
      client: { session, address: "127.0.0.1", principal: ANYBODY, renewing: false, publishMemo: new PublishMemo() },
      delivered: 0,
      droppedBefore: 0,
      newestBefore: 0,
    });
    socket.open();
  }

  isConnected(socket: FakeSocket): boolean {
    return this.#links.has(socket);
  }

  /** Whether it may have dropped an event of those that it was last asked for. */
  mayHaveDropped(socket: FakeSocket, offset: number): boolean {
    const link = this.#links.get(socket);
    if (link === undefined || offset > link.newestBefore) return false;
    return link.client.session.droppedCount > link.droppedBefore;
  }

  /** Lets so many of the client's requests arrive; returns whether there were any. */
  up(socket: FakeSocket, count: number): boolean {
    const link = this.#links.get(socket);
    if (link === undefined) return false;
    const texts = socket.sent.splice(0, count);
    for (const text of texts) {
      const { topic, type } = JSON.parse(text);
      if (type === "subscribe") {
        link.droppedBefore = link.client.session.droppedCount;
        link.newestBefore = this.topics.hub.topic(topic)?.newestOffset ?? 0;
      }
      const bytes = Buffer.from(text);
      if (link.client.session.isOpen) this.#dispatcher.dispatch(link.client, bytes, 0, bytes.length);
      this.topics.endTick();
    }
    return texts.length > 0;
  }

  /** Lets so many messages arrive at the client, or the close after the last; returns whether there were any. */
  down(socket: FakeSocket, count: number): boolean {
    const link = this.#links.get(socket);
    if (link === undefined) return false;
    const { client, transport } = link;
    for (let i = 0; i < count; i++) {
      const text = transport.texts[link.delivered];
      if (text === undefined) {
        if (transport.closing !== undefined) this.cut(socket, transport.closing.code);
        return i > 0;
      }
      link.delivered++;
      transport.room += text.length;
      transport.handOver();
      client.session.drained();
      this.topics.endTick();
      socket.receive(text);
    }
    return true;
  }

  /** Breaks a link; what is on its way is lost. */
  cut(socket: FakeSocket, code = 1006): void {
    const link = this.#links.get(socket);
    if (link === undefined) return;
    this.#links.delete(socket);
    this.topics.hub.disconnect(link.client.session);
    this.topics.endTick();
    socket.end(code);
  }
}
