import { encodeInfo, type Joined } from "../protocol/encode.ts";
import { CLOSE, Refusal } from "../protocol/errors.ts";
import type { Position } from "../protocol/messages.ts";
import type { SubscribeRequest } from "../protocol/requests.ts";
import type { Clock, Timestamps } from "./clock.ts";
import { type Counters, newCounters } from "./counters.ts";
import { detachText } from "./detach-text.ts";
import type { Draft } from "./draft.ts";
import type { Engine, History } from "./engine.ts";
import { FlushQueue } from "./flush-queue.ts";
import type { Range } from "./range.ts";
import { ReplyBuffer } from "./reply-buffer.ts";
import { Session, type SessionContext } from "./session.ts";
import { type Loss, type QueueLimits, SessionQueue } from "./session-queue.ts";
import { type Subscription, Topic, type TopicDeps, type TopicTtl } from "./topic.ts";
import { TopicDirectory, type TopicLifeOptions, type TopicObserver } from "./topic-directory.ts";
import { Traces } from "./trace.ts";
import { TracedQueue } from "./traced-queue.ts";
import type { Transport } from "./transport.ts";

/** The hub's bounds and rules; each is an option of the server. */
export interface HubOptions extends TopicLifeOptions {
  readonly queue: QueueLimits;
  readonly writeWaitMs: number;
  /** Topics that one session may subscribe to at a time. */
  readonly maxSubscriptions: number;
  /** Whether each event carries a trace of what becomes of it. */
  readonly trace: boolean;
}

/** Called with what happens in a hub; for logs. */
export interface HubObserver extends TopicObserver {
  slowConsumer(session: Session, why: string): void;
  messagesDropped(session: Session, count: number): void;
  sessionFailed(session: Session, error: unknown): void;
}

/** The world outside the core, as ports. */
export interface HubPorts {
  readonly engine: Engine;
  readonly clock: Clock;
  readonly timestamps: Timestamps;
  readonly observer: HubObserver;
  /** Runs a function when the current turn of the event loop ends. */
  readonly defer: (run: () => void) => void;
}

/** A publication that its topic accepted; the offset is a promise where the engine needs time. */
export interface Published {
  readonly topic: Topic;
  readonly offset: number | Promise<number>;
  /** Whether an event with the same id was there already, and nothing was published. */
  readonly duplicate: boolean;
}

/** Publications that one topic took together, in their order. */
export interface PublishedBatch {
  readonly topic: Topic;
  readonly published: readonly Published[];
}

/** How a publication is meant. */
export interface PublishWish {
  /** Whether an event that the topic holds and that has the same id stands for this one. */
  readonly dedupe: boolean;
}

/** A subscription that was made, and what the subscriber is to get first. */
export interface Subscribed {
  readonly subscription: Subscription;
  readonly joined: Joined;
  /** Undefined where there is nothing to replay. */
  readonly replay: Range | undefined;
}

/** Who is connected, which topics exist, and which message goes from whom to whom. */
export class Hub {
  readonly counters: Counters = newCounters();
  readonly flushQueue: FlushQueue;
  /** Whether events carry traces; see `Topic.trace`. */
  readonly keepsTraces: boolean;
  readonly #options: HubOptions;
  readonly #ports: HubPorts;
  readonly #sessionContext: SessionContext;
  readonly #sessions = new Set<Session>();
  /** What each session subscribed to, by topic name; only of those that did. */
  readonly #subscriptions = new Map<Session, Map<string, Subscription>>();
  readonly #directory: TopicDirectory;
  #lastSessionId = 0;

  constructor(options: HubOptions, ports: HubPorts) {
    this.#options = options;
    this.#ports = ports;
    const { clock, defer, observer, timestamps } = ports;
    const { counters } = this;
    this.keepsTraces = options.trace;
    this.#directory = new TopicDirectory(options, { ...ports, topicDeps: () => this.#topicDeps() });
    this.flushQueue = new FlushQueue({
      defer,
      clock,
      counters,
      onError: (session, error) => this.#failed(session, error),
    });
    this.#sessionContext = {
      clock,
      timestamps,
      counters,
      flushQueue: this.flushQueue,
      replies: new ReplyBuffer(),
      keepsTraces: options.trace,
      limits: options.queue,
      newQueue: ({ id, transportKind }) =>
        options.trace ? new TracedQueue({ client: id, transport: transportKind }) : new SessionQueue(),
      writeWaitMs: options.writeWaitMs,
      lossNotice: (loss) => this.#lossNotice(loss),
      settle: (session) => this.settle(session),
      onFault: (session, error) => observer.sessionFailed(session, error),
      onDrop: (session, count) => observer.messagesDropped(session, count),
      onSlow: (session, why) => {
        this.#leaveAll(session);
        observer.slowConsumer(session, why);
      },
    };
  }

  /** A client's input is being handled. Until `inputEnd`, in the same turn, its events have one time and are not flushed. */
  inputStart(): void {
    this.#ports.timestamps.hold();
    this.flushQueue.inputStart();
  }

  /** The input has been handled. */
  inputEnd(): void {
    this.#ports.timestamps.release();
    this.flushQueue.inputEnd();
  }

  get topicCount(): number {
    return this.#directory.count;
  }

  /** How many removed topics can still be brought back. */
  get lingeringCount(): number {
    return this.#directory.lingeringCount;
  }

  /** The memory of all logs, and of what blocked clients still need of them, in bytes. */
  logBytes(): number {
    return this.history.heldBytes + this.#bytesBehindLogs();
  }

  /** The memory of all logs, and its bound. */
  get history(): History {
    return this.#ports.engine.history;
  }

  get sessionCount(): number {
    return this.#sessions.size;
  }

  /** How many topics a session is subscribed to. */
  subscriptionCount(session: Session): number {
    return this.#subscriptions.get(session)?.size ?? 0;
  }

  /** The topics that a session is subscribed to. */
  topicNames(session: Session): readonly string[] {
    return [...(this.#subscriptions.get(session)?.keys() ?? [])];
  }

  /** What a session is subscribed to, in the order in which it subscribed. */
  subscriptionsOf(session: Session): IteratorObject<Subscription> {
    return (this.#subscriptions.get(session) ?? new Map<string, Subscription>()).values();
  }

  topics(): IterableIterator<Topic> {
    return this.#directory.topics();
  }

  sessions(): IterableIterator<Session> {
    return this.#sessions.values();
  }

  /** Begins a session for a client that has connected. */
  connect(transport: Transport): Session {
    const session = new Session(++this.#lastSessionId, transport, this.#sessionContext);
    this.#sessions.add(session);
    return session;
  }

  /** Ends everything about a session whose connection is gone. */
  disconnect(session: Session): void {
    this.#sessions.delete(session);
    session.closed();
    this.#leaveAll(session);
  }

  /**
   * Opens a topic of the server's own, `$sys/…`: clients may subscribe to it and see its history, and nothing else; it
   * stays as long as the hub. What is to stand in it is published through the topic itself.
   * @param capacity how many messages it keeps
   */
  openSystemTopic(name: string, capacity: number): Topic {
    return this.#directory.openSystemTopic(name, capacity);
  }

  /**
   * Creates a topic that stays until it is deleted or its last subscriber leaves; refuses one that exists.
   * @param ttl how long it outlives its last subscriber; undefined: as long as any topic
   */
  createTopic(name: string, ttl?: TopicTtl): Topic | Refusal {
    return this.#directory.create(name, ttl);
  }

  /** Deletes a topic with its log, and ends every subscription to it; returns why not, where there is a reason. */
  deleteTopic(name: string): Refusal | undefined {
    const topic = this.#directory.delete(name);
    if (!(topic instanceof Topic)) return topic;
    const message = "the topic was deleted";
    const notice = encodeInfo(name, { code: "TOPIC_DELETED", message }, this.#ports.timestamps.now());
    for (const subscription of topic.subscriptions()) {
      const { session } = subscription;
      topic.settle(subscription);
      topic.leave(subscription);
      this.#forget(session, name);
      session.send(notice, topic.log);
      if (this.subscriptionCount(session) === 0) session.end(CLOSE.TOPIC_DELETED, message, this.#options.writeWaitMs);
    }
    topic.end();
    return undefined;
  }

  /** The topic of this name, if there is one; the server's own, too. */
  topic(name: string): Topic | undefined {
    return this.#directory.find(name);
  }

  /** How long a topic stays once its last subscriber has left: its own time, or that of all topics. */
  ttlOf(topic: Topic): TopicTtl {
    return this.#directory.ttlOf(topic);
  }

  /** Orders, stores and delivers a publication. */
  publish(topicName: string, draft: Draft, { dedupe }: PublishWish): Published | Refusal {
    const topic = this.#directory.forPublish(topicName);
    return topic instanceof Refusal ? topic : publishTo(topic, draft, dedupe);
  }

  /** Publishes several messages to one topic: all or none, and nobody else's in between. */
  publishAll(topicName: string, drafts: readonly Draft[], { dedupe }: PublishWish): PublishedBatch | Refusal {
    const topic = this.#directory.forPublish(topicName);
    if (topic instanceof Refusal) return topic;
    // One topic for all of them: if it ends with its last subscriber meanwhile, they do not begin another one.
    return { topic, published: drafts.map((draft) => publishTo(topic, draft, dedupe)) };
  }

  /** Subscribes a session, or renews its subscription; the caller sends the ack and then the replay. */
  subscribe(
    session: Session,
    request: Pick<SubscribeRequest, "topic" | "clientId" | "lastN" | "since">,
  ): Subscribed | Refusal {
    const existing = this.#subscriptions.get(session)?.get(request.topic);
    if (existing !== undefined) {
      existing.clientId = detachText(request.clientId);
      existing.topic.settle(existing);
      return this.#welcome(existing, request.lastN, request.since);
    }
    if (this.subscriptionCount(session) >= this.#options.maxSubscriptions) {
      return new Refusal(
        "LIMIT_EXCEEDED",
        `a connection may subscribe to at most ${this.#options.maxSubscriptions} topics (-max-subscriptions)`,
      );
    }
    const topic = this.#directory.forSubscribe(request.topic);
    if (topic instanceof Refusal) return topic;
    const subscriptions = this.#subscriptions.get(session) ?? new Map<string, Subscription>();
    const subscription = topic.join(session, detachText(request.clientId), this.#ports.timestamps.now());
    subscriptions.set(topic.name, subscription);
    this.#subscriptions.set(session, subscriptions);
    return this.#welcome(subscription, request.lastN, request.since);
  }

  /** Ends a session's subscription; returns its topic. */
  unsubscribe(session: Session, topicName: string, clientId: string): Topic | Refusal {
    const subscription = this.#subscriptions.get(session)?.get(topicName);
    if (subscription === undefined) {
      return new Refusal("BAD_REQUEST", "this connection is not subscribed to the topic");
    }
    if (subscription.clientId !== clientId) {
      return new Refusal("BAD_REQUEST", "client_id is not the one that this connection subscribed with");
    }
    // What was published before stands in front of the ack.
    subscription.topic.settle(subscription);
    session.detach(subscription.topic.log);
    this.#forget(session, topicName);
    this.#leave(subscription);
    return subscription.topic;
  }

  /** Hands to a session all events that were published to its topics, so that the next reply stands behind them. */
  settle(session: Session): void {
    const subscriptions = this.#subscriptions.get(session);
    if (subscriptions === undefined) return;
    for (const { name } of this.flushQueue.topics) {
      const subscription = subscriptions.get(name);
      subscription?.topic.settle(subscription);
    }
  }

  /** Does what is due: topics expire, clients that do not read are ended. To be called every so often. */
  sweep(): void {
    const now = this.#ports.clock.monotonicMs();
    this.#directory.sweep(now);
    for (const session of this.#sessions) {
      try {
        session.sweep(now);
      } catch (error) {
        this.#failed(session, error);
      }
    }
  }

  #failed(session: unknown, error: unknown): void {
    if (session instanceof Session) this.#ports.observer.sessionFailed(session, error);
  }

  #lossNotice({ dropped, fromOffset, log, toOffset }: Loss): string {
    const message = `${dropped} messages were dropped because the client did not keep up`;
    const info = { code: "MESSAGES_DROPPED" as const, message, dropped, from_offset: fromOffset, to_offset: toOffset };
    return encodeInfo(log.topic.name, info, this.#ports.timestamps.now());
  }

  /** What blocked clients are still to be sent and the logs no longer hold: of each log from the lowest offset on, and copies. */
  #bytesBehindLogs(): number {
    const lowest = new Map<Range["log"], number>();
    let sum = 0;
    for (const session of this.#sessions) {
      for (const range of session.queuedRanges()) {
        if (range.isDetached) sum += range.bytesBehindLog;
        else lowest.set(range.log, Math.max(lowest.get(range.log) ?? 0, range.bytesBehindLog));
      }
    }
    for (const bytes of lowest.values()) sum += bytes;
    return sum;
  }

  #topicDeps(): TopicDeps {
    const { clock, engine } = this.#ports;
    const traces = this.keepsTraces ? new Traces(clock) : undefined;
    return { engine, counters: this.counters, flushQueue: this.flushQueue, traces };
  }

  #welcome(subscription: Subscription, lastN: number, since: Position | undefined): Subscribed {
    const { session, topic } = subscription;
    const { range: replay, recovered } = topic.replay(lastN, since);
    if (replay !== undefined) {
      session.withdraw(topic.log, replay.fromOffset);
      topic.countDelivered(replay.count);
    }
    return { subscription, joined: { epoch: topic.epoch, offset: topic.newestOffset, recovered }, replay };
  }

  #leaveAll(session: Session): void {
    const subscriptions = this.#subscriptions.get(session);
    this.#subscriptions.delete(session);
    for (const subscription of subscriptions?.values() ?? []) this.#leave(subscription);
  }

  #forget(session: Session, topicName: string): void {
    const subscriptions = this.#subscriptions.get(session);
    subscriptions?.delete(topicName);
    if (subscriptions?.size === 0) this.#subscriptions.delete(session);
  }

  #leave(subscription: Subscription): void {
    subscription.topic.leave(subscription);
    this.#directory.left(subscription.topic);
  }
}

function publishTo(topic: Topic, draft: Draft, dedupe: boolean): Published {
  const first = dedupe ? topic.find(draft) : undefined;
  if (first !== undefined) return { topic, offset: first, duplicate: true };
  return { topic, offset: topic.publish(draft), duplicate: false };
}
