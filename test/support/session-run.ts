import assert from "node:assert/strict";
import type { HubOptions } from "../../src/core/hub.ts";
import type { Session } from "../../src/core/session.ts";
import { createDecoder } from "../../src/protocol/decode.ts";
import { encodeSubscribeAck, encodeUnsubscribeAck } from "../../src/protocol/encode.ts";
import { Refusal } from "../../src/protocol/errors.ts";
import { PublishMemo } from "../../src/protocol/publish-memo.ts";
import type { PublishRequest } from "../../src/protocol/requests.ts";
import { HubUnderTest, RING_CAPACITY } from "./hub.ts";
import { RunClient } from "./run-client.ts";
import { ClientModel, frameLength, type Incarnation, Tallies } from "./session-model.ts";

const TS = "2025-01-15T10:00:00.000Z";
const decode = createDecoder(RING_CAPACITY);

/** What a run may do. Topics and clients are numbers that are taken modulo how many there are. */
export type Step =
  | {
      readonly kind: "publish";
      readonly topic: number;
      readonly client: number;
      readonly count: number;
      readonly payload: string;
    }
  | {
      readonly kind: "subscribe";
      readonly topic: number;
      readonly client: number;
      readonly lastN: number;
      readonly back: number;
    }
  | { readonly kind: "unsubscribe"; readonly topic: number; readonly client: number }
  | { readonly kind: "replies"; readonly client: number; readonly count: number }
  | { readonly kind: "read"; readonly client: number; readonly room: number; readonly isNoticed: boolean }
  | { readonly kind: "stall" | "disconnect"; readonly client: number }
  | { readonly kind: "delete"; readonly topic: number }
  | { readonly kind: "flush" }
  | { readonly kind: "pass"; readonly ms: number };

export interface RunOptions extends Pick<HubOptions, "queue" | "writeWaitMs" | "historyLingerMs" | "trace"> {
  readonly sliceBytes: number;
}

const TOPICS = ["a", "é", "c"];
const CLIENTS = 2;

/** Takes steps with the real hub and with models of its clients side by side. */
export class SessionRun {
  readonly under: HubUnderTest;
  readonly tallies = new Tallies();
  readonly clients: RunClient[] = [];
  /** How many events were dropped, and how many clients were ended as slow. */
  dropped = 0;
  slow = 0;
  readonly #options: RunOptions;
  readonly #incarnations = new Map<string, Incarnation>();
  /** The newest incarnation of each name. */
  readonly #latest = new Map<string, Incarnation>();
  /** What was published to since the last flush, while somebody was subscribed. */
  #dirty = new Set<Incarnation>();
  #serial = 0;

  constructor(options: RunOptions) {
    this.#options = options;
    this.under = new HubUnderTest(options);
    const { recorder } = this.under;
    recorder.messagesDropped = (session, count) => this.#dropped(this.#clientOf(session), count);
    recorder.slowConsumer = (session, why) => this.#slow(this.#clientOf(session), why);
    recorder.sessionFailed = (_session, error) => {
      throw error;
    };
    for (let i = 0; i < CLIENTS; i++) this.clients.push(this.#connect());
  }

  take(step: Step): void {
    switch (step.kind) {
      case "publish":
        for (let i = 0; i < step.count; i++) this.#publish(nameOf(step.topic), this.#client(step.client), step.payload);
        break;
      case "subscribe":
        this.#subscribe(this.#client(step.client), nameOf(step.topic), step.lastN, step.back);
        break;
      case "unsubscribe":
        this.#unsubscribe(this.#client(step.client), nameOf(step.topic));
        break;
      case "replies":
        for (let i = 0; i < step.count; i++) this.#reply(this.#client(step.client), `reply ${++this.#serial}`);
        break;
      case "read":
        this.#client(step.client).read(step.room);
        if (step.isNoticed) this.#client(step.client).session.drained();
        break;
      case "stall":
        this.#client(step.client).transport.room = 0;
        break;
      case "disconnect":
        this.#replace(step.client % CLIENTS);
        break;
      case "delete":
        this.#delete(nameOf(step.topic));
        break;
      case "flush":
        this.#flush();
        break;
      case "pass":
        this.#pass(step.ms);
        break;
    }
    this.#settleClients();
  }

  /** Lets every client read all, and checks that nothing is unaccounted for. */
  finish(): void {
    this.#flush();
    for (const client of this.clients) {
      client.read(Number.POSITIVE_INFINITY);
      client.session.drained();
      client.sync();
      assert.equal(client.session.queueDepth, 0);
      if (client.model.isSlow) continue;
      client.wire.end(client.model.lost);
    }
    for (const { name } of this.#incarnations.values()) this.#checkTraces(name);
  }

  #checkTraces(name: string): void {
    const topic = this.under.hub.topic(name);
    const of = topic && this.#incarnations.get(topic.epoch);
    if (!this.#options.trace || topic === undefined || of === undefined) return;
    for (let offset = Math.max(1, topic.oldestOffset); offset <= topic.newestOffset; offset++) {
      const trace = topic.trace(offset);
      assert.deepEqual(trace?.totals, this.tallies.of(of, offset));
      const states = { queued: 0, written: 0, dropped: 0 };
      for (const { state } of trace?.deliveries ?? []) states[state]++;
      const { replayed, ...settled } = trace?.totals ?? { replayed: 0 };
      assert.deepEqual(settled, states);
      assert.equal(trace?.deliveries.filter(({ isReplayed }) => isReplayed).length, replayed);
    }
  }

  #publish(name: string, client: RunClient, payload: string): void {
    const { hub } = this.under;
    const requestId = `r${++this.#serial}`;
    const payloadJson = `{ "n":${this.#serial}.0, "text":${JSON.stringify(payload)} }`;
    const request = publishRequest(JSON.stringify(name), requestId, payloadJson);
    const published = hub.publish(name, request, request);
    if (published instanceof Refusal) throw new Error(published.message);
    const { topic } = published;
    const offset = Number(published.offset);
    const of = this.#incarnation(topic.epoch, name);
    const text = topic.event(offset)?.text ?? "";
    assert.equal(offset, of.texts.length + 1);
    assert.equal(
      text,
      `{"type":"event","topic":${JSON.stringify(name)},"message":{"id":"${requestId}","payload":${payloadJson}},"offset":${offset},"ts":"${this.#now()}"}`,
    );
    of.texts.push(text);
    of.sizesBytes.push(frameLength(text));
    if (topic.subscriberCount > 0) this.#dirty.add(of);
    if (!client.session.isOpen) return;
    client.session.acknowledge(request, topic.log, offset, false);
    const ack = `{"type":"ack","request_id":"${requestId}","topic":${JSON.stringify(name)},"status":"ok","offset":${offset},"ts":"${this.#now()}"}`;
    client.model.reply(ack, frameLength(ack));
    request.bytes.fill(0);
  }

  #subscribe(client: RunClient, name: string, lastN: number, back: number): void {
    const { model, session, wire } = client;
    if (!session.isOpen) return;
    model.settle(name);
    const latest = this.#latest.get(name);
    const hasSince = back >= 0 && latest !== undefined;
    const since = hasSince ? { epoch: latest.epoch, offset: Math.max(0, latest.texts.length - back) } : undefined;
    const subscribed = this.under.hub.subscribe(session, {
      topic: name,
      clientId: "c",
      lastN: since ? 0 : lastN,
      since,
    });
    if (subscribed instanceof Refusal) throw new Error(subscribed.message);
    const { joined, replay, subscription } = subscribed;
    const of = this.#incarnation(joined.epoch, name);
    const newest = of.texts.length;
    const held = Math.min(newest, RING_CAPACITY);
    const missed = since?.epoch === of.epoch ? newest - since.offset : Number.POSITIVE_INFINITY;
    const from = newest - Math.min(held, since === undefined ? lastN : missed) + 1;
    assert.deepEqual(joined, { epoch: of.epoch, offset: newest, recovered: since && missed <= held });
    assert.deepEqual([replay?.fromOffset ?? newest + 1, replay?.toOffset ?? newest], [from, newest]);
    const requestId = `"s${++this.#serial}"`;
    const ack = encodeSubscribeAck(requestId, subscription.topic.nameJson, joined, TS);
    session.send(ack);
    if (replay !== undefined) session.deliver(replay, subscription, true);
    model.replay(of, from, ack);
    model.subscriptions.set(name, { of, next: newest + 1 });
    client.expectReply(ack, () => wire.subscribed(of, from));
  }

  #unsubscribe(client: RunClient, name: string): void {
    const { model, session, wire } = client;
    const subscription = model.subscriptions.get(name);
    if (!session.isOpen || subscription === undefined) return;
    model.settle(name);
    const topic = this.under.hub.unsubscribe(session, name, "c");
    if (topic instanceof Refusal) throw new Error(topic.message);
    model.subscriptions.delete(name);
    const ack = encodeUnsubscribeAck(`"u${++this.#serial}"`, topic.nameJson, TS);
    const { of } = subscription;
    const last = of.texts.length;
    session.send(ack, topic.log);
    model.reply(ack, ack.length, of);
    client.expectReply(ack, () => wire.unsubscribed(of, last));
  }

  #reply({ model, session }: RunClient, text: string): void {
    if (!session.isOpen) return;
    session.send(text);
    model.reply(text, text.length);
  }

  #delete(name: string): void {
    for (const client of this.clients) {
      const subscription = client.model.subscriptions.get(name);
      if (subscription === undefined) continue;
      client.model.settle(name);
      client.model.subscriptions.delete(name);
      const { of } = subscription;
      const info = { code: "TOPIC_DELETED", message: "the topic was deleted" };
      const notice = JSON.stringify({ type: "info", topic: name, info, ts: this.#now() });
      client.model.reply(notice, notice.length, of);
      client.expectReply(notice, () => client.wire.deleted(of));
    }
    this.under.hub.deleteTopic(name);
  }

  #flush(): void {
    for (const of of this.#dirty) {
      for (const { model } of this.clients) if (model.subscriptions.get(of.name)?.of === of) model.settle(of.name);
    }
    this.#dirty = new Set();
    const due = new Set(this.clients.filter(({ model }) => model.arrived > 0));
    this.#look(
      () => this.under.endTick(),
      (client) => due.has(client),
    );
  }

  #pass(ms: number): void {
    // What was published goes out first, so that the sweep is the only one that looks.
    this.#flush();
    this.under.clock.advance(ms);
    this.#look(
      () => this.under.hub.sweep(),
      ({ hasWritten, wasFull }) => wasFull && !hasWritten,
    );
    const { writeWaitMs } = this.#options;
    for (const { model, session } of this.clients) {
      if (session.isOpen) assert.ok(this.#nowMs() - (model.troubledSinceMs ?? this.#nowMs()) < writeWaitMs);
    }
    this.#flush();
  }

  /** Has the server look at its clients, and holds those that do not read to the bounds. */
  #look(act: () => void, isJudged: (client: RunClient) => boolean): void {
    const { maxMessages } = this.#options.queue;
    for (const client of this.clients) client.startLooking();
    act();
    for (const client of this.clients) {
      client.sync();
      const { model, session } = client;
      if (!isJudged(client)) continue;
      if (client.wasFull && client.isFull && !client.hasWritten && session.isOpen) {
        assert.ok(!model.hasEvents || !model.exceeds(1), "the queue is over its bounds");
        assert.ok(!model.exceeds(2), "a client with a queue full of replies was not ended");
        if (model.exceeds(1)) model.troubledSinceMs ??= this.#nowMs();
        assert.ok(model.droppedSinceProgress < maxMessages, "a client that lost a whole queue was not ended");
      }
      model.judged();
    }
  }

  /** Replaces clients that were closed. */
  #settleClients(): void {
    for (const [i, client] of this.clients.entries()) {
      client.sync();
      const { closing, terminations } = client.transport;
      if (closing !== undefined || terminations > 0) this.#replace(i);
    }
  }

  #replace(index: number): void {
    const client = this.#client(index);
    this.under.hub.disconnect(client.session);
    client.model.clear();
    client.sync();
    this.clients[index] = this.#connect();
  }

  #connect(): RunClient {
    const model = new ClientModel(this.#options.queue, this.tallies);
    return new RunClient(this.under, model, this.#options.sliceBytes);
  }

  #dropped(client: RunClient, count: number): void {
    client.readWritten();
    assert.ok(client.wasFull && client.isFull, "the socket was not full");
    client.model.drop(count, this.#nowMs());
    this.dropped += count;
  }

  #slow(client: RunClient, why: string): void {
    const { model } = client;
    const { queue, writeWaitMs } = this.#options;
    this.slow++;
    assert.ok(client.wasFull && client.isFull, "the socket was not full");
    if (why.startsWith("another full queue")) assert.ok(model.droppedSinceProgress >= queue.maxMessages);
    else if (why.startsWith("the queue is full")) assert.ok(model.exceeds(2) && !model.hasEvents);
    else assert.ok(this.#nowMs() - (model.troubledSinceMs ?? Number.NaN) >= writeWaitMs);
    model.endAsSlow(why, this.#now());
  }

  #incarnation(epoch: string, name: string): Incarnation {
    const known = this.#incarnations.get(epoch) ?? { epoch, name, texts: [], sizesBytes: [] };
    this.#incarnations.set(epoch, known);
    this.#latest.set(name, known);
    return known;
  }

  #client(index: number): RunClient {
    const client = this.clients[index % CLIENTS];
    if (client === undefined) throw new Error("there is no such client");
    return client;
  }

  #clientOf(session: Session): RunClient {
    const client = this.clients.find((other) => other.session === session);
    if (client === undefined) throw new Error("nobody has this session");
    return client;
  }

  #nowMs(): number {
    return this.under.clock.monotonicMs();
  }

  #now(): string {
    return new Date(this.under.clock.wallMs()).toISOString();
  }
}

function nameOf(topic: number): string {
  return TOPICS[topic % TOPICS.length] ?? "";
}

/** A publish as it was decoded, among bytes of other messages. */
function publishRequest(topicJson: string, id: string, payloadJson: string): PublishRequest {
  const text = `{"type":"publish","topic":${topicJson},"request_id":"${id}","message":{"id":"${id}","payload":${payloadJson}}}`;
  const bytes = Buffer.from(`}}"${text}"]}`);
  const request = decode(bytes, 3, 3 + Buffer.byteLength(text), new PublishMemo());
  if (request.type !== "publish") throw new Error(`${request.type}: ${text}`);
  return request;
}
