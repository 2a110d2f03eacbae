import { Timestamps } from "../../src/core/clock.ts";
import { Hub } from "../../src/core/hub.ts";
import type { Session } from "../../src/core/session.ts";
import type { MessageSource, Transport } from "../../src/core/transport.ts";
import { MemoryEngine } from "../../src/engine/memory.ts";
import { createDecoder } from "../../src/protocol/decode.ts";
import { PublishMemo } from "../../src/protocol/publish-memo.ts";
import type { PublishRequest } from "../../src/protocol/requests.ts";
import { systemClock } from "../../src/server/system-clock.ts";

const TOPIC = "bench";
const PAYLOAD_BYTES = 128;
const DISTINCT_MESSAGES = 64;
/** Events that a topic keeps, as by default. */
const CAPACITY = 100;
/** What a transport takes at once. */
const SLICE_BYTES = 64 * 1024;

const decode = createDecoder(CAPACITY);
const timestamps = new Timestamps(systemClock);

/** Publish requests as they arrive, unmasked: one behind the other in a chunk of input. */
const requests: readonly Buffer[] = Array.from({ length: DISTINCT_MESSAGES }, (_, i) => {
  const message = { id: `m${i}`, payload: payload(i) };
  return Buffer.from(JSON.stringify({ type: "publish", topic: TOPIC, message, request_id: `r${i}` }));
});
const chunk = Buffer.concat(requests);
const ends = requests.map((_, i) => requests.slice(0, i + 1).reduce((sum, { length }) => sum + length, 0));
const memo = new PublishMemo();

/** Mixed text, as it stands in the messages of most applications. */
function payload(seed: number): string {
  let text = "";
  for (let i = 0; text.length < PAYLOAD_BYTES; i++) text += `Order ${(seed * 7919 + i * 104729) % 9973}: OK, `;
  return text.slice(0, PAYLOAD_BYTES);
}

/** The n-th request, from the bytes of a publish. */
export function decodeRequest(n: number): PublishRequest {
  const index = n % DISTINCT_MESSAGES;
  const request = decode(chunk, ends[index - 1] ?? 0, ends[index] ?? 0, memo);
  if (request.type !== "publish") throw new Error("the request is no publish");
  return request;
}

/** A socket that accepts everything and does nothing. */
class NullTransport implements Transport {
  readonly kind = "websocket";
  readonly readsLater = false;

  write(source: MessageSource): boolean {
    while (source.next(SLICE_BYTES) !== undefined);
    return false;
  }

  writeEvents(): boolean {
    return false;
  }

  bufferedBytes(): number {
    return 0;
  }

  ping(): void {}
  close(): void {}
  terminate(): void {}
}

/** A hub with one publisher and a number of subscribers of one topic, without sockets. Flushes only when called. */
export class Rig {
  readonly subscribers: number;
  readonly #hub: Hub;
  readonly #publisher: Session;

  constructor(subscribers: number) {
    this.subscribers = subscribers;
    this.#hub = newHub();
    for (let i = 0; i < subscribers; i++) {
      const request = { topic: TOPIC, clientId: "c", lastN: 0, since: undefined };
      this.#hub.subscribe(this.#hub.connect(new NullTransport()), request);
    }
    this.#publisher = this.#hub.connect(new NullTransport());
  }

  /** Orders and stores a publication, and acknowledges it. */
  publish(request: PublishRequest): void {
    this.#hub.inputStart();
    const published = this.#hub.publish(request.topic, request, request);
    if (!("topic" in published) || typeof published.offset !== "number") throw new Error("the publish was refused");
    this.acknowledge(request, published.offset);
  }

  /** Encodes and queues an acknowledgement. */
  acknowledge(request: PublishRequest, offset: number): void {
    const log = this.#hub.topic(TOPIC)?.log;
    if (log !== undefined) this.#publisher.acknowledge(request, log, offset, false);
  }

  /** Encodes and stores an event without any delivery. */
  append(request: PublishRequest): void {
    this.#hub.inputStart();
    this.#hub.topic(TOPIC)?.log.append(request, timestamps.end());
  }

  /** Ends the input: hands everything that was published to the subscribers' and the publisher's transports. */
  flush(): void {
    this.#hub.inputEnd();
    this.#hub.flushQueue.flush();
  }
}

function newHub(): Hub {
  const options = {
    queue: { maxMessages: 1000, maxBytes: 16 * 1024 * 1024 },
    writeWaitMs: 10_000,
    autoCreateTopics: true,
    topicTtlMs: 0,
    idleTopicTtlMs: 3_600_000,
    historyLingerMs: 0,
    maxTopics: 10,
    maxSubscriptions: 10,
    trace: false,
  };
  return new Hub(options, {
    engine: new MemoryEngine(CAPACITY, timestamps, () => "epoch"),
    clock: systemClock,
    timestamps,
    observer: {
      topicCreated() {},
      topicRemoved() {},
      slowConsumer() {},
      messagesDropped() {},
      sessionFailed(_session, error) {
        throw error;
      },
    },
    defer: () => {},
  });
}
