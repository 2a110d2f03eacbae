import type { Clock } from "../../core/clock.ts";
import type { Counters } from "../../core/counters.ts";
import { draftOf } from "../../core/draft.ts";
import type { Hub } from "../../core/hub.ts";
import type { Topic } from "../../core/topic.ts";
import type { ServerInfo, SystemStats, Tally } from "../../protocol/system.ts";
import { SYSTEM_TOPICS } from "../../protocol/system-topics.ts";
import type { Connections } from "../connections.ts";
import type { Samples } from "../metrics/samples.ts";
import { queueTotals, topicTotals } from "../totals.ts";
import type { Journal } from "./journal.ts";

/** A quarter of an hour, by the second. */
const STATS_KEPT = 900;
const EVENTS_KEPT = 1000;

/** What the server's own topics are fed from. */
export interface SystemSources {
  readonly hub: Hub;
  readonly clock: Clock;
  readonly connections: Pick<Connections, "count" | "openOf">;
  readonly samples: Samples;
  readonly journal: Journal;
  /** Processor time of the process so far, in microseconds. */
  readonly cpuUs: () => number;
  /** Resident memory of the process; undefined where it can't be read. */
  readonly memoryBytes: () => number | undefined;
}

/** Where the counters stood, and when. */
interface Mark {
  readonly atMs: number;
  readonly cpuUs: number;
  readonly total: Tally;
}

function tallyOf({ errors, ...counters }: Counters): Tally {
  return {
    published: counters.published,
    delivered: counters.delivered,
    dropped: counters.dropped,
    slow_consumers: counters.slowConsumers,
    received_bytes: counters.receivedBytes,
    sent_bytes: counters.sentBytes,
    errors: Object.values(errors).reduce((sum, count) => sum + count, 0),
  };
}

function perSecond(now: Tally, before: Tally, seconds: number): Tally {
  const rate = (key: keyof Tally) => rounded((now[key] - before[key]) / seconds);
  return {
    published: rate("published"),
    delivered: rate("delivered"),
    dropped: rate("dropped"),
    slow_consumers: rate("slow_consumers"),
    received_bytes: rate("received_bytes"),
    sent_bytes: rate("sent_bytes"),
    errors: rate("errors"),
  };
}

function rounded(value: number): number {
  return Math.round(value * 10) / 10;
}

/** Publishes to the server's own topics how the server does. They keep what they hold whether anybody listens or not. */
export class SystemFeed {
  readonly #sources: SystemSources;
  readonly #stats: Topic;
  readonly #events: Topic;
  readonly #startedAtMs: number;
  #last: Mark;

  constructor(info: ServerInfo, sources: SystemSources) {
    const { clock, hub } = sources;
    this.#sources = sources;
    this.#startedAtMs = clock.monotonicMs();
    this.#last = this.#mark();
    this.#stats = hub.openSystemTopic(SYSTEM_TOPICS.stats, STATS_KEPT);
    this.#events = hub.openSystemTopic(SYSTEM_TOPICS.events, EVENTS_KEPT);
    publish(hub.openSystemTopic(SYSTEM_TOPICS.server, 1), info);
  }

  /** Tells how the server does, and what has happened. To be called once a second. */
  tick(): void {
    publish(this.#stats, this.#describe());
    this.tellHappenings();
  }

  /** Tells what has happened, without waiting for the second to pass. */
  tellHappenings(): void {
    for (const happening of this.#sources.journal.take()) publish(this.#events, happening);
  }

  #mark(): Mark {
    const { clock, cpuUs, hub } = this.#sources;
    return { atMs: clock.monotonicMs(), cpuUs: cpuUs(), total: tallyOf(hub.counters) };
  }

  #describe(): SystemStats {
    const { connections, hub, memoryBytes, samples } = this.#sources;
    const memory = memoryBytes();
    const before = this.#last;
    const now = this.#mark();
    this.#last = now;
    const elapsedMs = Math.max(1, now.atMs - before.atMs);
    const topics = topicTotals(hub);
    const queues = queueTotals(hub);
    return {
      uptime_sec: Math.floor((now.atMs - this.#startedAtMs) / 1000),
      clients: connections.count,
      event_streams: connections.openOf("sse"),
      http_sessions: connections.openOf("http"),
      topics: hub.topicCount,
      active_topics: topics.active,
      subscriptions: topics.subscriptions,
      lingering_topics: hub.lingeringCount,
      log_bytes: hub.logBytes(),
      history_bytes: hub.history.heldBytes,
      queued_messages: queues.messages,
      queued_bytes: queues.bytes,
      longest_queue: queues.longest,
      event_loop_delay_ms: rounded(samples.takeWorstDelayMs()),
      cpu_percent: rounded((now.cpuUs - before.cpuUs) / 10 / elapsedMs),
      ...(memory === undefined ? {} : { memory_bytes: memory }),
      total: now.total,
      per_sec: perSecond(now.total, before.total, elapsedMs / 1000),
    };
  }
}

function publish(topic: Topic, payload: object): void {
  topic.publish(draftOf(`"${topic.newestOffset + 1}"`, JSON.stringify(payload)));
}
