import { Gauge, Registry } from "prom-client";
import type { Hub } from "../../core/hub.ts";
import type { Topic } from "../../core/topic.ts";
import { TRANSPORT_KINDS } from "../../core/transport.ts";
import type { Connections } from "../connections.ts";
import type { FaultLog } from "../fault-log.ts";
import type { RateLimit } from "../rate-limit.ts";
import { RUNTIME } from "../runtime.ts";
import { queueTotals, topicTotals } from "../totals.ts";
import { HistogramMetric } from "./histogram-metric.ts";
import { addProcessFigures } from "./process-figures.ts";
import { type LabelledValue, Registration } from "./registration.ts";
import type { Samples } from "./samples.ts";

/** Where the metrics come from. */
export interface MetricSources {
  readonly hub: Hub;
  readonly connections: Connections;
  /** The most connections, already worked out. */
  readonly maxConnections: number;
  readonly rateLimit: RateLimit;
  readonly faults: FaultLog;
  readonly samples: Samples;
  readonly version: string;
}

function addConnections(metrics: Registration, { connections, maxConnections }: MetricSources): void {
  const by = (read: (kind: (typeof TRANSPORT_KINDS)[number]) => number) => () =>
    TRANSPORT_KINDS.map((kind): LabelledValue => [kind, read(kind)]);
  metrics.gaugeBy(
    "transport",
    "ringcast_connections",
    "Open WebSockets and event streams",
    by((kind) => connections.openOf(kind)),
  );
  metrics.counterBy(
    "transport",
    "ringcast_connections_opened_total",
    "WebSockets and event streams that were opened",
    by((kind) => connections.openedOf(kind)),
  );
  metrics.gauge("ringcast_connections_limit", "The most connections that are taken", () => maxConnections);
}

function addTopics(metrics: Registration, { hub }: MetricSources): void {
  metrics.gauge("ringcast_topics", "Topics", () => hub.topicCount);
  metrics.gauge("ringcast_active_topics", "Topics with at least one subscriber", () => topicTotals(hub).active);
  metrics.gauge(
    "ringcast_lingering_topics",
    "Removed topics whose history can still be brought back",
    () => hub.lingeringCount,
  );
  metrics.gauge(
    "ringcast_log_bytes",
    "Memory of all topics' histories, and of what clients are still to be sent of them",
    () => hub.logBytes(),
  );
  metrics.gauge("ringcast_history_bytes", "Memory of all topics' histories, lingering ones included", () => {
    return hub.history.heldBytes;
  });
  metrics.gauge(
    "ringcast_history_limit_bytes",
    "The most bytes of all topics' histories (-max-history-bytes)",
    () => hub.history.maxBytes,
  );
  metrics.counter(
    "ringcast_history_evicted_messages_total",
    "Messages removed from topics' histories because all together were too large",
    () => hub.history.evictedCount,
  );
  metrics.gauge("ringcast_subscriptions", "Subscriptions, over all topics", () => topicTotals(hub).subscriptions);
}

function addMessages(metrics: Registration, { hub, samples }: MetricSources): void {
  const { counters } = hub;
  metrics.counter("ringcast_messages_published_total", "Messages that topics accepted", () => counters.published);
  metrics.counter(
    "ringcast_messages_delivered_total",
    "Messages queued for subscribers, replays included",
    () => counters.delivered,
  );
  metrics.counter(
    "ringcast_messages_dropped_total",
    "Messages that clients lost because they did not keep up",
    () => counters.dropped,
  );
  metrics.counter(
    "ringcast_slow_consumers_total",
    "Connections closed because they did not read",
    () => counters.slowConsumers,
  );
  metrics.counter(
    "ringcast_received_bytes_total",
    "Bytes of clients' messages and of request bodies",
    () => counters.receivedBytes,
  );
  metrics.counter("ringcast_sent_bytes_total", "Bytes of messages handed to sockets", () => counters.sentBytes);
  metrics.gauge("ringcast_queued_messages", "Messages that wait, over all clients", () => queueTotals(hub).messages);
  metrics.gauge("ringcast_queued_bytes", "Bytes that wait, over all clients", () => queueTotals(hub).bytes);
  new HistogramMetric(
    metrics.place("ringcast_queue_depth_messages", "Messages that wait for a client; each client, once a second"),
    samples.queueDepth,
  );
  new HistogramMetric(
    metrics.place(
      "ringcast_publish_to_write_seconds",
      "From a message's acceptance to its write to a socket; each write, by the oldest message in it",
    ),
    counters.publishToWriteSec,
  );
}

function addFailures(metrics: Registration, { faults, hub, rateLimit }: MetricSources): void {
  const { errors } = hub.counters;
  metrics.counterBy("code", "ringcast_errors_total", "Errors told to clients, by code", () => Object.entries(errors));
  metrics.counter(
    "ringcast_auth_failures_total",
    "Requests with a missing, wrong or expired key or token",
    () => errors.UNAUTHORIZED,
  );
  metrics.counter(
    "ringcast_rate_limit_refusals_total",
    "Requests and upgrades over the rate limit",
    () => rateLimit.refusedCount,
  );
  metrics.counter("ringcast_internal_errors_total", "Faults of the server itself", () => faults.count);
}

function addServer(metrics: Registration, { samples, version }: MetricSources): void {
  new HistogramMetric(
    metrics.place("ringcast_event_loop_delay_seconds", "By how much a timer of 50 ms came late; each tick"),
    samples.eventLoopDelaySec,
  );
  const place = metrics.place("ringcast_build_info", "Always 1; which version runs, on which runtime");
  new Gauge({ ...place, labelNames: ["version", "runtime"] }).set({ version, runtime: RUNTIME }, 1);
}

/** Adds series of chosen topics, by exact name. One that is not there has none: its counters begin anew with it. */
function addChosenTopics(metrics: Registration, names: readonly string[], { hub }: MetricSources): void {
  const each = (read: (topic: Topic) => number) => () =>
    names.flatMap((name): LabelledValue[] => {
      const topic = hub.topic(name);
      return topic === undefined ? [] : [[name, read(topic)]];
    });
  metrics.counterBy(
    "topic",
    "ringcast_topic_messages_published_total",
    "Messages that a topic of -metrics-topics accepted since it began",
    each((topic) => topic.newestOffset),
  );
  metrics.counterBy(
    "topic",
    "ringcast_topic_messages_delivered_total",
    "Messages of a topic of -metrics-topics queued for subscribers since it began, replays included",
    each((topic) => topic.deliveredCount),
  );
  metrics.gaugeBy(
    "topic",
    "ringcast_topic_subscribers",
    "Subscribers of a topic of -metrics-topics",
    each((topic) => topic.subscriberCount),
  );
}

/** What the server tells Prometheus. */
export class Metrics {
  readonly #registry = new Registry<typeof Registry.PROMETHEUS_CONTENT_TYPE>();

  /** @param topics the topics that have series of their own (`-metrics-topics`) */
  constructor(topics: readonly string[], sources: MetricSources) {
    const metrics = new Registration(this.#registry);
    for (const add of [addConnections, addTopics, addMessages, addFailures, addServer]) add(metrics, sources);
    addProcessFigures(metrics);
    if (topics.length > 0) addChosenTopics(metrics, topics, sources);
  }

  /** The type of `text`. */
  get contentType(): string {
    return this.#registry.contentType;
  }

  /** Everything as it stands now, in Prometheus' text format. */
  text(): Promise<string> {
    return this.#registry.metrics();
  }
}
