import assert from "node:assert/strict";
import { draftOf } from "../../src/core/draft.ts";
import { textsOf } from "../../src/core/log.ts";
import type { Topic, TopicTtl } from "../../src/core/topic.ts";
import { Refusal } from "../../src/protocol/errors.ts";
import { type LifeOptions, type ModelTopic, TopicModel } from "./history-model.ts";
import { type FakeClient, type HistoryOptions, HubUnderTest } from "./hub.ts";

/** What a run may do. Clients are numbers that are taken modulo how many there are. */
export type Step =
  | { readonly kind: "publish"; readonly topic: string; readonly sizes: readonly number[] }
  | {
      readonly kind: "repeat";
      readonly topic: string;
      readonly back: number;
      readonly size: number;
      readonly dedupe: boolean;
    }
  | { readonly kind: "subscribe"; readonly topic: string; readonly lastN: number }
  | { readonly kind: "resume"; readonly topic: string; readonly back: number; readonly isOldEpoch: boolean }
  | { readonly kind: "create"; readonly topic: string; readonly ttl: TopicTtl | undefined }
  | { readonly kind: "delete"; readonly topic: string }
  | { readonly kind: "leave" | "stall" | "read"; readonly client: number }
  | { readonly kind: "pass"; readonly ms: number }
  | { readonly kind: "flush" };

export interface RunOptions extends LifeOptions, Required<HistoryOptions> {}

interface Subscriber extends FakeClient {
  readonly name: string;
  readonly topic: ModelTopic;
  /** The next event that it must be sent. */
  nextOffset: number;
  /** How many texts it was sent that were checked. */
  checkedCount: number;
}

/** Never reached: here, no client is ended for being slow. */
const FOREVER_MS = 1e9;

/** Takes steps with the real hub and with a model side by side. */
export class HistoryRun {
  readonly #under: HubUnderTest;
  readonly #model: TopicModel;
  readonly #options: RunOptions;
  readonly #subscribers: Subscriber[] = [];
  /** The hub's topic of each of the model's, from when it was created on: the hub does not show one that lingers. */
  readonly #real = new Map<ModelTopic, Topic>();
  /** How many resumes there were, by `recovered`. */
  readonly resumes = { recovered: 0, notRecovered: 0 };
  duplicates = 0;

  constructor(options: RunOptions) {
    this.#options = options;
    this.#model = new TopicModel(options);
    const queue = { maxMessages: 1e6, maxBytes: 1e9 };
    this.#under = new HubUnderTest({ ...options, queue, writeWaitMs: FOREVER_MS, maxSubscriptions: 1 }, options);
  }

  get evictedCount(): number {
    return this.#under.hub.history.evictedCount;
  }

  take(step: Step): void {
    switch (step.kind) {
      case "publish":
        for (const size of step.sizes) this.#publish(step.topic, size);
        break;
      case "repeat":
        this.#publish(step.topic, step.size, step);
        break;
      case "subscribe":
        this.#subscribe(step.topic, step.lastN, undefined);
        break;
      case "resume":
        this.#resume(step.topic, step.back, step.isOldEpoch);
        break;
      case "create":
        this.#create(step.topic, step.ttl);
        break;
      case "delete":
        this.#delete(step.topic);
        break;
      case "pass":
        this.#under.pass(step.ms);
        this.#model.pass(step.ms);
        this.#check();
        break;
      case "flush":
        this.#flush();
        break;
      default:
        this.#act(step.kind, step.client);
    }
  }

  /** Has every client read to the end, and checks that nothing is missing. */
  finish(): void {
    for (let i = 0; i < this.#subscribers.length; i++) this.#act("read", i);
    this.#flush();
    for (const { nextOffset, topic } of this.#subscribers) assert.equal(nextOffset, topic.newestOffset + 1);
    while (this.#subscribers.length > 0) this.#act("leave", 0);
    for (const name of [...this.#model.topics.keys(), ...this.#model.lingering.keys()]) this.#delete(name);
    this.#flush();
    assert.equal(this.#under.hub.logBytes(), 0);
  }

  /** @param repeated whose id is used again: that of the event that is `back` behind the newest one; undefined: a new id */
  #publish(name: string, size: number, repeated?: { readonly back: number; readonly dedupe: boolean }): void {
    const topic = this.#model.forPublish(name);
    const held = this.#held(topic);
    const offset = topic.newestOffset + 1;
    const dedupe = repeated?.dedupe ?? false;
    const known = repeated === undefined ? undefined : topic.events.at(-1 - repeated.back);
    const event = { id: known?.id ?? `m${offset}`, payload: `${offset}${"p".repeat(size)}` };
    const draft = draftOf(JSON.stringify(event.id), JSON.stringify(event.payload));
    const published = this.#under.hub.publish(name, draft, { dedupe });
    assert(!(published instanceof Refusal));
    this.#real.set(topic, published.topic);
    const first = topic.events.findIndex((other, i) => i + 1 >= held && other.id === event.id) + 1;
    const isDuplicate = dedupe && first > 0;
    assert.deepEqual([published.duplicate, published.offset], [isDuplicate, isDuplicate ? first : offset]);
    if (isDuplicate) this.duplicates++;
    else topic.events.push(event);
    this.#held(topic);
  }

  /** Checks which events of a topic are held; returns the oldest one's offset, or the next event's if there is none. */
  #held(topic: ModelTopic): number {
    const { ringCapacity } = this.#options;
    const real = this.#real.get(topic);
    const range = real?.replay(ringCapacity + 1, undefined).range;
    const events = range === undefined ? [] : textsOf(range);
    const oldest = topic.newestOffset - events.length + 1;
    for (const [i, { offset, text }] of events.entries()) this.#checkEvent(topic, oldest + i, offset, text);
    assert(events.length <= ringCapacity && oldest >= topic.oldestSeen, "an event came back");
    if (this.evictedCount === 0) assert.equal(events.length, Math.min(ringCapacity, topic.newestOffset));
    topic.oldestSeen = oldest;
    const expected = [topic.newestOffset, events.length === 0 ? 0 : oldest];
    if (real !== undefined) assert.deepEqual([real.newestOffset, real.oldestOffset], expected);
    return oldest;
  }

  #checkEvent(topic: ModelTopic, expectedOffset: number, offset: number, text: string): void {
    const { message, offset: offsetInText } = JSON.parse(text);
    assert.deepEqual([offset, offsetInText], [expectedOffset, expectedOffset]);
    assert.deepEqual(message, topic.events[offset - 1]);
  }

  #resume(name: string, back: number, isOldEpoch: boolean): void {
    const known = this.#model.topics.get(name) ?? this.#model.lingering.get(name);
    const offset = Math.max(0, (known?.newestOffset ?? 0) - back);
    this.#subscribe(name, 0, { epoch: isOldEpoch ? "epoch-0" : (known?.epoch ?? "epoch-0"), offset });
  }

  #subscribe(name: string, lastN: number, since: { epoch: string; offset: number } | undefined): void {
    const client = this.#under.connect();
    const topic = this.#model.subscribed(name);
    const wish = since === undefined ? { lastN } : { since };
    const { joined, replay, subscription } = this.#under.join(client.session, name, wish);
    this.#real.set(topic, subscription.topic);
    const oldest = this.#held(topic);
    const { newestOffset } = topic;
    const isHeld = since?.epoch === topic.epoch && since.offset <= newestOffset && since.offset + 1 >= oldest;
    const recovered = since === undefined ? undefined : isHeld;
    if (recovered !== undefined) this.resumes[recovered ? "recovered" : "notRecovered"]++;
    assert.deepEqual(joined, { epoch: topic.epoch, offset: newestOffset, recovered });
    let from = oldest;
    if (since === undefined) from = Math.max(oldest, newestOffset - lastN + 1);
    else if (isHeld) from = since.offset + 1;
    const expected = from > newestOffset ? undefined : [from, newestOffset];
    assert.deepEqual(replay && [replay.fromOffset, replay.toOffset], expected);
    this.#subscribers.push({ ...client, name, topic, nextOffset: from, checkedCount: 0 });
  }

  #create(name: string, ttl: TopicTtl | undefined): void {
    const created = this.#under.hub.createTopic(name, ttl);
    assert.equal(!(created instanceof Refusal), this.#model.create(name, ttl));
  }

  #delete(name: string): void {
    const topic = this.#model.topics.get(name);
    const refusal = this.#under.hub.deleteTopic(name);
    assert.equal(refusal === undefined, this.#model.delete(name));
    this.#under.endTick();
    for (const subscriber of this.#subscribers.filter((one) => one.topic === topic)) {
      this.#read(subscriber);
      assert.equal(subscriber.nextOffset, subscriber.topic.newestOffset + 1);
      this.#leave(subscriber);
    }
    this.#check();
  }

  #act(kind: "leave" | "stall" | "read", client: number): void {
    const subscriber = this.#subscribers[client % this.#subscribers.length];
    if (subscriber === undefined) return;
    if (kind === "leave") this.#leave(subscriber);
    else if (kind === "read") this.#read(subscriber);
    else subscriber.transport.room = 0;
  }

  #read({ session, transport }: Subscriber): void {
    transport.room = Number.POSITIVE_INFINITY;
    transport.handOver();
    session.drained();
    this.#flush();
  }

  #leave(subscriber: Subscriber): void {
    this.#under.hub.disconnect(subscriber.session);
    this.#model.left(subscriber.name, subscriber.topic);
    this.#subscribers.splice(this.#subscribers.indexOf(subscriber), 1);
  }

  #flush(): void {
    this.#under.endTick();
    this.#check();
  }

  /** Once all was flushed, the bound holds, and clients were sent what they subscribed to without a gap. */
  #check(): void {
    const { history } = this.#under.hub;
    assert(history.heldBytes <= history.maxBytes, `${history.heldBytes} of ${history.maxBytes} bytes`);
    assert.deepEqual(new Set(this.#under.topicNames()), new Set(this.#model.topics.keys()));
    let sum = 0;
    for (const topic of [...this.#model.topics.values(), ...this.#model.lingering.values()]) {
      this.#held(topic);
      sum += this.#real.get(topic)?.log.heldBytes ?? 0;
    }
    assert.equal(sum, history.heldBytes);
    for (const subscriber of this.#subscribers) this.#checkSent(subscriber);
  }

  #checkSent(subscriber: Subscriber): void {
    const { topic, transport } = subscriber;
    for (const text of transport.texts.slice(subscriber.checkedCount)) {
      subscriber.checkedCount++;
      if (!text.startsWith('{"type":"event"')) continue;
      this.#checkEvent(topic, subscriber.nextOffset, subscriber.nextOffset, text);
      subscriber.nextOffset++;
    }
    if (transport.bufferedBytes() === 0 && transport.room > 0) {
      assert.equal(subscriber.nextOffset, topic.newestOffset + 1, "a client misses events");
    }
  }
}
