import type { TopicTtl } from "../../src/core/topic.ts";

/** What was published as one event. */
export interface ModelEvent {
  readonly id: string;
  readonly payload: string;
}

/** One incarnation of a topic. */
export class ModelTopic {
  readonly epoch: string;
  /** All that was published, held or not; the event with offset 1 comes first. */
  readonly events: ModelEvent[] = [];
  /** The oldest event that was held when it was last looked at: an older one must not come back. */
  oldestSeen = 1;
  subscriberCount = 0;
  wasSubscribed = false;
  isIdle = false;
  expiresAtMs: number | undefined;
  ttl: TopicTtl | undefined;

  constructor(epoch: string) {
    this.epoch = epoch;
  }

  get newestOffset(): number {
    return this.events.length;
  }
}

export interface LifeOptions {
  readonly topicTtlMs: number;
  readonly idleTopicTtlMs: number;
  readonly historyLingerMs: number;
}

/** Which topics there are, and which can be brought back: what `TopicDirectory` does, as naive as can be. */
export class TopicModel {
  nowMs = 0;
  readonly topics = new Map<string, ModelTopic>();
  readonly lingering = new Map<string, ModelTopic>();
  readonly #options: LifeOptions;
  #epochs = 0;

  constructor(options: LifeOptions) {
    this.#options = options;
  }

  /** The topic that somebody publishes to. */
  forPublish(name: string): ModelTopic {
    const topic = this.topics.get(name) ?? this.#start(name, true);
    if (topic.isIdle) topic.expiresAtMs = this.nowMs + this.#options.idleTopicTtlMs;
    return topic;
  }

  /** The topic that somebody has subscribed to. */
  subscribed(name: string): ModelTopic {
    const topic = this.topics.get(name) ?? this.#start(name, false);
    topic.isIdle = false;
    topic.expiresAtMs = undefined;
    topic.wasSubscribed = true;
    topic.subscriberCount++;
    return topic;
  }

  /** Returns whether the topic was created. */
  create(name: string, ttl: TopicTtl | undefined): boolean {
    if (this.topics.has(name)) return false;
    this.#start(name, false).ttl = ttl;
    return true;
  }

  /** A subscriber has left; nothing happens if its topic was deleted. */
  left(name: string, topic: ModelTopic): void {
    topic.subscriberCount--;
    if (topic.subscriberCount > 0 || this.topics.get(name) !== topic) return;
    const ttl = topic.ttl ?? this.#options.topicTtlMs;
    if (ttl === 0) this.#remove(name, topic);
    else if (ttl !== "never") topic.expiresAtMs = this.nowMs + ttl;
  }

  /** Returns whether there was a topic, or the history of one. */
  delete(name: string): boolean {
    return this.lingering.delete(name) || this.topics.delete(name);
  }

  pass(ms: number): void {
    this.nowMs += ms;
    const isDue = ({ expiresAtMs = Number.POSITIVE_INFINITY }: ModelTopic) => expiresAtMs <= this.nowMs;
    for (const [name, topic] of this.topics) if (isDue(topic)) this.#remove(name, topic);
    for (const [name, topic] of this.lingering) if (isDue(topic)) this.lingering.delete(name);
  }

  #remove(name: string, topic: ModelTopic): void {
    this.topics.delete(name);
    const { historyLingerMs } = this.#options;
    if (!topic.wasSubscribed || historyLingerMs === 0) return;
    topic.expiresAtMs = this.nowMs + historyLingerMs;
    this.lingering.set(name, topic);
  }

  #start(name: string, isIdle: boolean): ModelTopic {
    const topic = this.lingering.get(name) ?? new ModelTopic(`epoch-${++this.#epochs}`);
    this.lingering.delete(name);
    this.topics.set(name, topic);
    topic.isIdle = isIdle;
    topic.expiresAtMs = undefined;
    return topic;
  }
}
