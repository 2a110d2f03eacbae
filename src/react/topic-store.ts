import type { AnyTopics, Client, Gap, RingcastError, RingcastEvent, Subscription } from "../client/index.ts";

/** How long a subscription stays after its last component is gone, in ms: strict mode and navigation bring one back at once. */
const LINGER_MS = 3000;

/** Any client, whatever its payload types. */
export type AnyClient = Client<AnyTopics, AnyTopics>;

/** What components see of a topic. It is another object whenever anything of it has changed. */
export interface TopicState<T = unknown> {
  /** The newest events, oldest first. */
  readonly events: readonly RingcastEvent<T>[];
  /** The last gap; undefined if nothing was missed so far. */
  readonly gap: Gap | undefined;
  /** What ended the subscription, such as a deleted topic or a missing right; undefined while it lasts. */
  readonly error: RingcastError | undefined;
}

/** How to follow a topic. */
export interface TopicOptions {
  /** How many of the topic's last messages to get first. By default 0. */
  readonly lastN?: number | undefined;
  /** How many of the newest events are kept. By default 100, or `lastN` if that is more. */
  readonly keep?: number | undefined;
}

/** Before anything has come, and where pages are rendered on a server. */
export const NOTHING: TopicState<never> = { events: [], gap: undefined, error: undefined };

/** One subscription, and the components that follow it. */
class TopicStore {
  state: TopicState = NOTHING;
  readonly #keep: number;
  readonly #subscription: Subscription;
  readonly #listeners = new Set<() => void>();
  readonly #stopGaps: () => void;
  readonly #ended: () => void;
  #linger: ReturnType<typeof setTimeout> | undefined;
  #arrived: RingcastEvent[] = [];

  /** @param ended called when nobody follows it any more, and it has ended */
  constructor(
    client: AnyClient,
    topic: string,
    { lastN = 0, keep = Math.max(100, lastN) }: TopicOptions,
    ended: () => void,
  ) {
    this.#keep = keep;
    this.#ended = ended;
    this.#stopGaps = client.on("gap", (gap) => {
      if (gap.topic === topic) this.#change({ gap });
    });
    this.#subscription = client.subscribe(topic, { lastN }, (event) => this.#arrive(event));
    // It ends with an error, or because this has ended it.
    void this.#subscription.ended.then((error) => {
      if (error !== undefined) this.#change({ error });
    });
  }

  follow(listener: () => void): () => void {
    clearTimeout(this.#linger);
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
      if (this.#listeners.size === 0) this.#linger = setTimeout(() => this.#end(), LINGER_MS);
    };
  }

  /** Events that arrive in one turn are shown together. */
  #arrive(event: RingcastEvent): void {
    if (this.#arrived.push(event) > 1) return;
    queueMicrotask(() => {
      const events = [...this.state.events, ...this.#arrived].slice(-this.#keep);
      this.#arrived = [];
      this.#change({ events });
    });
  }

  #change(change: Partial<TopicState>): void {
    this.state = { ...this.state, ...change };
    for (const listener of [...this.#listeners]) listener();
  }

  #end(): void {
    this.#stopGaps();
    this.#subscription.unsubscribe();
    this.#ended();
  }
}

/** The topics that the components of a client follow: one subscription for all that want the same. */
export class TopicStores {
  readonly #client: AnyClient;
  readonly #stores = new Map<string, TopicStore>();

  constructor(client: AnyClient) {
    this.#client = client;
  }

  /** Calls a listener after each change; returns what ends that. */
  follow(topic: string, options: TopicOptions, listener: () => void): () => void {
    const key = keyOf(topic, options);
    const store = this.#stores.get(key) ?? new TopicStore(this.#client, topic, options, () => this.#stores.delete(key));
    this.#stores.set(key, store);
    return store.follow(listener);
  }

  state(topic: string, options: TopicOptions): TopicState {
    return this.#stores.get(keyOf(topic, options))?.state ?? NOTHING;
  }
}

function keyOf(topic: string, { keep, lastN }: TopicOptions): string {
  return JSON.stringify([topic, lastN, keep]);
}
