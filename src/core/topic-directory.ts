import { Refusal } from "../protocol/errors.ts";
import { isSystemName, SYSTEM_PREFIX } from "../protocol/system-topics.ts";
import type { Clock, Timestamps } from "./clock.ts";
import { newCounters } from "./counters.ts";
import { detachText } from "./detach-text.ts";
import { Topic, type TopicDeps, type TopicTtl } from "./topic.ts";

/** The rules of topics' lives; each is an option of the server. */
export interface TopicLifeOptions {
  /** Whether subscribe and publish create a topic that does not exist. */
  readonly autoCreateTopics: boolean;
  /** How long a topic outlives its last subscriber. */
  readonly topicTtlMs: number;
  /** How long a topic that a publish created and nobody subscribed to outlives its last publish. */
  readonly idleTopicTtlMs: number;
  /** How long the log of a topic that was removed with its last subscriber can be brought back; 0: not at all. */
  readonly historyLingerMs: number;
  readonly maxTopics: number;
}

/** What created a topic, or brought it back. */
export type TopicOrigin = "request" | "subscribe" | "publish";
/** Why a topic was removed. */
export type TopicEnd = "deleted" | "last subscriber left" | "expired";

/** Called with what happens to topics; for logs. */
export interface TopicObserver {
  topicCreated(topic: Topic, origin: TopicOrigin): void;
  topicRemoved(topic: Topic, why: TopicEnd): void;
}

/** What a directory works with. */
export interface TopicDirectoryDeps {
  readonly clock: Clock;
  readonly timestamps: Timestamps;
  readonly observer: TopicObserver;
  /** What each topic works with. */
  readonly topicDeps: () => TopicDeps;
}

const RESERVED = new Refusal("FORBIDDEN", `the topics that begin with ${SYSTEM_PREFIX} are the server's own`);

/** Which topics exist, and for how long (rulings, section 3). */
export class TopicDirectory {
  readonly #options: TopicLifeOptions;
  readonly #deps: TopicDirectoryDeps;
  readonly #topics = new Map<string, Topic>();
  /** Removed topics that a subscribe or publish brings back, in the order in which they were removed. */
  readonly #lingering = new Map<string, Topic>();
  /** The server's own topics: not among the others, so that they stand in no list and no count. */
  readonly #systemTopics = new Map<string, Topic>();
  /** The topics that have a time to expire. */
  readonly #expiring = new Set<Topic>();

  constructor(options: TopicLifeOptions, deps: TopicDirectoryDeps) {
    this.#options = options;
    this.#deps = deps;
  }

  get count(): number {
    return this.#topics.size;
  }

  /** How many removed topics can still be brought back. */
  get lingeringCount(): number {
    return this.#lingering.size;
  }

  topics(): IterableIterator<Topic> {
    return this.#topics.values();
  }

  /** The topic of this name, if there is one; the server's own, too. */
  find(name: string): Topic | undefined {
    return this.#topics.get(name) ?? this.#systemTopics.get(name);
  }

  /** Opens a topic of the server's own; see `Hub.openSystemTopic`. */
  openSystemTopic(name: string, capacity: number): Topic {
    const { timestamps, topicDeps } = this.#deps;
    // Counters of its own: what the server reports of itself must not add to what it reports.
    const topic = new Topic(name, timestamps.now(), { ...topicDeps(), counters: newCounters() }, capacity);
    topic.ttl = "never";
    this.#systemTopics.set(name, topic);
    return topic;
  }

  /** How long a topic stays without a subscriber; see `Hub.ttlOf`. */
  ttlOf(topic: Topic): TopicTtl {
    return topic.ttl ?? this.#options.topicTtlMs;
  }

  /** Creates a topic because a request asks for it; refuses one that exists. See `Hub.createTopic`. */
  create(name: string, ttl: TopicTtl | undefined): Topic | Refusal {
    if (this.#topics.has(name)) return new Refusal("CONFLICT", "the topic already exists");
    const topic = this.#revive(name, "request") ?? this.#create(name, "request");
    if (topic instanceof Topic) topic.ttl = ttl;
    return topic;
  }

  /**
   * Deletes a topic with its log.
   * @returns the topic, whose log the caller ends once the subscribers have been given the rest; undefined if it was removed before and only its log lingered; or why it can't be deleted
   */
  delete(name: string): Topic | undefined | Refusal {
    if (isSystemName(name)) return RESERVED;
    const lingering = this.#lingering.get(name);
    if (lingering !== undefined) {
      this.#erase(lingering);
      return undefined;
    }
    const topic = this.#topics.get(name);
    if (topic === undefined) return new Refusal("NOT_FOUND", "there is no such topic");
    this.#remove(topic, "deleted");
    return topic;
  }

  /** The topic that somebody publishes to; it is created where that is allowed. */
  forPublish(name: string): Topic | Refusal {
    const topic = this.#topics.get(name) ?? this.#createImplicitly(name, "publish");
    if (!(topic instanceof Refusal) && topic.isIdle) this.#expireAfter(topic, this.#options.idleTopicTtlMs);
    return topic;
  }

  /** The topic that somebody subscribes to; it is created where that is allowed, and stays from now on. */
  forSubscribe(name: string): Topic | Refusal {
    const topic = this.find(name) ?? this.#createImplicitly(name, "subscribe");
    if (topic instanceof Refusal) return topic;
    topic.isIdle = false;
    this.#keep(topic);
    return topic;
  }

  /** A subscriber has left: removes a topic that has none any more, now or after its time to live. */
  left(topic: Topic): void {
    if (topic.subscriberCount > 0 || this.#topics.get(topic.name) !== topic) return;
    const ttl = this.ttlOf(topic);
    if (ttl === "never") return;
    if (ttl === 0) this.#remove(topic, "last subscriber left");
    else this.#expireAfter(topic, ttl);
  }

  /** Removes the topics and lingering logs whose time has come. To be called every so often. */
  sweep(nowMs: number): void {
    for (const topic of this.#expiring) {
      if (topic.expiresAtMs !== undefined && topic.expiresAtMs <= nowMs) this.#remove(topic, "expired");
    }
    for (const topic of this.#lingering.values()) {
      if (topic.expiresAtMs === undefined || topic.expiresAtMs > nowMs) break;
      this.#erase(topic);
    }
  }

  #createImplicitly(name: string, origin: "subscribe" | "publish"): Topic | Refusal {
    const revived = this.#revive(name, origin);
    if (revived !== undefined) return revived;
    const isUnknown = isSystemName(name) ? origin === "subscribe" : !this.#options.autoCreateTopics;
    if (isUnknown) return new Refusal("TOPIC_NOT_FOUND", "there is no such topic");
    return this.#create(detachText(name), origin);
  }

  /** Brings back a topic that was removed with its last subscriber, with its log and counts. */
  #revive(name: string, origin: TopicOrigin): Topic | undefined {
    const topic = this.#lingering.get(name);
    if (topic === undefined) return undefined;
    this.#lingering.delete(name);
    this.#start(topic, origin);
    return topic;
  }

  #create(name: string, origin: TopicOrigin): Topic | Refusal {
    if (isSystemName(name)) return RESERVED;
    const { maxTopics } = this.#options;
    if (this.#topics.size >= maxTopics) {
      return new Refusal("LIMIT_EXCEEDED", `there are already ${maxTopics} topics, the most allowed (-max-topics)`);
    }
    this.#evictLingering(maxTopics - 1);
    const topic = new Topic(name, this.#deps.timestamps.now(), this.#deps.topicDeps());
    this.#start(topic, origin);
    return topic;
  }

  #start(topic: Topic, origin: TopicOrigin): void {
    this.#topics.set(topic.name, topic);
    this.#keep(topic);
    topic.isIdle = origin === "publish";
    if (topic.isIdle) this.#expireAfter(topic, this.#options.idleTopicTtlMs);
    this.#deps.observer.topicCreated(topic, origin);
  }

  #remove(topic: Topic, why: TopicEnd): void {
    this.#topics.delete(topic.name);
    this.#keep(topic);
    this.#deps.observer.topicRemoved(topic, why);
    const { historyLingerMs, maxTopics } = this.#options;
    // A deleted topic ends once its subscribers have been given the rest.
    if (why === "deleted") return;
    if (!topic.wasSubscribed || historyLingerMs === 0) {
      topic.end();
      return;
    }
    topic.expiresAtMs = this.#deps.clock.monotonicMs() + historyLingerMs;
    this.#lingering.set(topic.name, topic);
    this.#evictLingering(maxTopics);
  }

  /** Drops the oldest lingering logs until all logs together are no more than `most`. */
  #evictLingering(most: number): void {
    for (const topic of this.#lingering.values()) {
      if (this.#topics.size + this.#lingering.size <= most) return;
      this.#erase(topic);
    }
  }

  #erase(topic: Topic): void {
    this.#lingering.delete(topic.name);
    topic.end();
  }

  #keep(topic: Topic): void {
    topic.expiresAtMs = undefined;
    this.#expiring.delete(topic);
  }

  #expireAfter(topic: Topic, ms: number): void {
    topic.expiresAtMs = this.#deps.clock.monotonicMs() + ms;
    this.#expiring.add(topic);
  }
}
