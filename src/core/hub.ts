import { encodeInfo, type Joined } from "../protocol/encode.ts";
import { CLOSE, Refusal } from "../protocol/errors.ts";
import type { Position, SubscribeRequest } from "../protocol/messages.ts";
import { isSystemName, SYSTEM_PREFIX } from "../protocol/system-topics.ts";
import type { Clock, Timestamps } from "./clock.ts";
import { type Counters, newCounters } from "./counters.ts";
import type { Draft, Engine, Event, TopicName } from "./engine.ts";
import { FlushQueue } from "./flush-queue.ts";
import { Outbox, type OutboxLimits } from "./outbox.ts";
import { Session, type SessionContext } from "./session.ts";
import { type Subscription, Topic } from "./topic.ts";
import { traced } from "./trace.ts";
import { TracedOutbox } from "./traced-outbox.ts";
import type { Transport } from "./transport.ts";

/** The hub's bounds and rules; each is an option of the server. */
export interface HubOptions {
  readonly outbox: OutboxLimits;
  readonly writeWaitMs: number;
  /** Whether subscribe and publish begin a topic that is not there. */
  readonly autoCreateTopics: boolean;
  /** How long a topic outlives its last subscriber. */
  readonly topicTtlMs: number;
  /** How long a topic that a publish began and nobody subscribed to outlives its last publish. */
  readonly idleTopicTtlMs: number;
  readonly maxTopics: number;
  /** Topics that one session may subscribe to at a time. */
  readonly maxSubscriptions: number;
  /** Whether each event carries a trace of what becomes of it. */
  readonly trace: boolean;
}

/** How a topic came to be. */
export type TopicOrigin = "request" | "subscribe" | "publish";
/** Why a topic went. */
export type TopicEnd = "deleted" | "last subscriber left" | "expired";

/** Told of what happens in a hub; for logs. */
export interface HubObserver {
  topicCreated(topic: Topic, origin: TopicOrigin): void;
  topicRemoved(topic: Topic, why: TopicEnd): void;
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

/** A publication that its topic took; the offset is a promise where the engine needs time. */
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
  readonly topic: Topic;
  readonly joined: Joined;
  readonly replay: readonly Event[];
}

const RESERVED = new Refusal("FORBIDDEN", `the topics that begin with ${SYSTEM_PREFIX} are the server's own`);

/** Who is connected, which topics there are, and what goes from whom to whom. */
export class Hub {
  readonly counters: Counters = newCounters();
  /** Whether events carry traces; see `traceOf`. */
  readonly keepsTraces: boolean;
  readonly #engine: Engine;
  readonly #options: HubOptions;
  readonly #ports: HubPorts;
  readonly #sessionContext: SessionContext;
  readonly #sessions = new Set<Session>();
  /** What each session subscribed to, by topic name; only of those that did. */
  readonly #subscriptions = new Map<Session, Map<string, Subscription>>();
  readonly #topics = new Map<string, Topic>();
  /** The server's own topics: not among the others, so that they stand in no list and no count. */
  readonly #systemTopics = new Map<string, Topic>();
  /** The topics whose time runs. */
  readonly #expiring = new Set<Topic>();
  #lastSessionId = 0;

  constructor(options: HubOptions, ports: HubPorts) {
    this.#options = options;
    this.#ports = ports;
    const { clock, defer, engine, observer, timestamps } = ports;
    this.keepsTraces = options.trace;
    this.#engine = options.trace ? traced(engine, clock) : engine;
    const onFault = (session: Session, error: unknown) => observer.sessionFailed(session, error);
    this.#sessionContext = {
      clock,
      timestamps,
      counters: this.counters,
      flushQueue: new FlushQueue({ defer, clock, counters: this.counters, onError: onFault }),
      newOutbox: (session) => this.#newOutbox(session),
      writeWaitMs: options.writeWaitMs,
      lossNotice: ({ topic, dropped, fromOffset, toOffset }) =>
        encodeInfo(
          topic.name,
          {
            code: "MESSAGES_DROPPED",
            message: `${dropped} messages were dropped because the client did not keep up`,
            dropped,
            from_offset: fromOffset,
            to_offset: toOffset,
          },
          timestamps.now(),
        ),
      onDrop: (session, count) => observer.messagesDropped(session, count),
      onSlow: (session, why) => {
        this.#leaveAll(session);
        observer.slowConsumer(session, why);
      },
      onFault,
    };
  }

  get topicCount(): number {
    return this.#topics.size;
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
    return this.#topics.values();
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
    const { engine, timestamps } = this.#ports;
    // Counters of its own: what the server says of itself must not add to what it says.
    const topic = new Topic(name, timestamps.now(), engine, newCounters(), capacity);
    this.#systemTopics.set(name, topic);
    return topic;
  }

  /** Makes a topic that stays until it is deleted or its last subscriber leaves; refuses one that is there. */
  createTopic(name: string): Topic | Refusal {
    if (this.#topics.has(name)) return new Refusal("CONFLICT", "the topic already exists");
    return this.#begin(name, "request");
  }

  /** Ends a topic and every subscription to it; returns why not, where there is a reason. */
  deleteTopic(name: string): Refusal | undefined {
    if (isSystemName(name)) return RESERVED;
    const topic = this.#topics.get(name);
    if (topic === undefined) return new Refusal("NOT_FOUND", "there is no such topic");
    const message = "the topic was deleted";
    const notice = encodeInfo(name, { code: "TOPIC_DELETED", message }, this.#ports.timestamps.now());
    // Removed first, so that the leaving of its last subscriber does not remove it a second time.
    this.#remove(topic, "deleted");
    for (const { session } of topic.subscriptions()) {
      this.#forget(session, name);
      session.send(notice);
      if (this.subscriptionCount(session) === 0) session.end(CLOSE.TOPIC_DELETED, message, this.#options.writeWaitMs);
    }
    return undefined;
  }

  /** The topic of this name, if there is one; the server's own, too. */
  topic(name: string): Topic | undefined {
    return this.#topics.get(name) ?? this.#systemTopics.get(name);
  }

  /** Orders, stores and delivers a publication. */
  publish(topicName: string, draft: Draft, { dedupe }: PublishWish): Published | Refusal {
    const topic = this.#topicToPublishTo(topicName);
    return topic instanceof Refusal ? topic : publishTo(topic, draft, dedupe);
  }

  /** Publishes several messages to one topic: all or none, and nobody else's in between. */
  publishAll(topicName: string, drafts: readonly Draft[], { dedupe }: PublishWish): PublishedBatch | Refusal {
    const topic = this.#topicToPublishTo(topicName);
    if (topic instanceof Refusal) return topic;
    // One topic for all of them: if it ends with its last subscriber meanwhile, they do not begin another one.
    return { topic, published: drafts.map((draft) => publishTo(topic, draft, dedupe)) };
  }

  /** Subscribes a session, or renews its subscription; the caller sends the answer and then the replay. */
  subscribe(
    session: Session,
    request: Pick<SubscribeRequest, "topic" | "clientId" | "lastN" | "since">,
  ): Subscribed | Refusal {
    const existing = this.#subscriptions.get(session)?.get(request.topic);
    if (existing !== undefined) {
      existing.clientId = detach(request.clientId);
      return this.#welcome(existing.topic, request.lastN, request.since);
    }
    if (this.subscriptionCount(session) >= this.#options.maxSubscriptions) {
      return new Refusal(
        "LIMIT_EXCEEDED",
        `a connection may subscribe to at most ${this.#options.maxSubscriptions} topics`,
      );
    }
    const topic = this.topic(request.topic) ?? this.#beginImplicitly(request.topic, "subscribe");
    if (topic instanceof Refusal) return topic;
    const subscriptions = this.#subscriptions.get(session) ?? new Map<string, Subscription>();
    subscriptions.set(topic.name, topic.join(session, detach(request.clientId), this.#ports.timestamps.now()));
    this.#subscriptions.set(session, subscriptions);
    this.#keep(topic);
    return this.#welcome(topic, request.lastN, request.since);
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
    this.#forget(session, topicName);
    this.#leave(subscription);
    return subscription.topic;
  }

  /** Does what time brings: topics expire, clients that do not read are ended. To be called every so often. */
  sweep(): void {
    const now = this.#ports.clock.monotonicMs();
    for (const topic of this.#expiring) {
      if (topic.expiresAtMs !== undefined && topic.expiresAtMs <= now) this.#remove(topic, "expired");
    }
    for (const session of this.#sessions) {
      try {
        session.sweep(now);
      } catch (error) {
        this.#ports.observer.sessionFailed(session, error);
      }
    }
  }

  #newOutbox(session: Session): Outbox {
    if (!this.keepsTraces) return new Outbox(this.#options.outbox);
    const { id: client, transportKind: transport } = session;
    const clientIdIn = ({ name }: TopicName) => this.#subscriptions.get(session)?.get(name)?.clientId ?? "";
    return new TracedOutbox(this.#options.outbox, { client, transport, clientIdIn });
  }

  #welcome(topic: Topic, lastN: number, since: Position | undefined): Subscribed {
    const { events, recovered } = topic.replay(lastN, since);
    topic.countDelivered(events.length);
    return { topic, joined: { epoch: topic.epoch, offset: topic.newestOffset, recovered }, replay: events };
  }

  #topicToPublishTo(name: string): Topic | Refusal {
    const topic = this.#topics.get(name) ?? this.#beginImplicitly(name, "publish");
    if (topic instanceof Refusal) return topic;
    if (topic.expiresAtMs !== undefined && !topic.wasSubscribed) this.#expireAfter(topic, this.#options.idleTopicTtlMs);
    return topic;
  }

  #beginImplicitly(name: string, origin: TopicOrigin): Topic | Refusal {
    const isUnknown = isSystemName(name) ? origin === "subscribe" : !this.#options.autoCreateTopics;
    if (isUnknown) return new Refusal("TOPIC_NOT_FOUND", "there is no such topic");
    return this.#begin(detach(name), origin);
  }

  #begin(name: string, origin: TopicOrigin): Topic | Refusal {
    if (isSystemName(name)) return RESERVED;
    if (this.#topics.size >= this.#options.maxTopics) {
      return new Refusal("LIMIT_EXCEEDED", `there are already ${this.#options.maxTopics} topics, the most allowed`);
    }
    const topic = new Topic(name, this.#ports.timestamps.now(), this.#engine, this.counters);
    this.#topics.set(name, topic);
    if (origin === "publish") this.#expireAfter(topic, this.#options.idleTopicTtlMs);
    this.#ports.observer.topicCreated(topic, origin);
    return topic;
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
    const { topic } = subscription;
    topic.leave(subscription);
    if (topic.subscriberCount > 0 || this.#systemTopics.has(topic.name)) return;
    if (this.#options.topicTtlMs === 0) this.#remove(topic, "last subscriber left");
    else this.#expireAfter(topic, this.#options.topicTtlMs);
  }

  #keep(topic: Topic): void {
    topic.expiresAtMs = undefined;
    this.#expiring.delete(topic);
  }

  #expireAfter(topic: Topic, ms: number): void {
    topic.expiresAtMs = this.#ports.clock.monotonicMs() + ms;
    this.#expiring.add(topic);
  }

  #remove(topic: Topic, why: TopicEnd): void {
    this.#topics.delete(topic.name);
    this.#expiring.delete(topic);
    this.#ports.observer.topicRemoved(topic, why);
  }
}

function publishTo(topic: Topic, draft: Draft, dedupe: boolean): Published {
  const first = dedupe ? topic.find(draft.idJson) : undefined;
  if (first !== undefined) return { topic, offset: first, duplicate: true };
  return { topic, offset: topic.publish(draft), duplicate: false };
}

/** A copy that shares no memory with the text it was cut from: a name must not keep a whole request alive. */
function detach(text: string): string {
  return [...text].join("");
}
