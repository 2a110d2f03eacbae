import { createHistogram, type RecordableHistogram } from "node:perf_hooks";
import { formatNumber, styled, table } from "./output.ts";

const PERCENTILES = [50, 90, 99, 99.9, 100] as const;
/** The upper ends of the chart's bars, in ms. */
const BAR_ENDS_MS = [0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, Number.POSITIVE_INFINITY];
const CHART_WIDTH = 40;

type Latencies = Readonly<Record<`p${(typeof PERCENTILES)[number]}`, number>>;

/** What a load test found. */
export interface BenchResult {
  readonly seconds: number;
  readonly published: number;
  /** Publishes that were refused, or not answered. */
  readonly failed: number;
  readonly delivered: number;
  /** Deliveries that were due and did not come. */
  readonly lost: number;
  readonly published_per_sec: number;
  readonly delivered_per_sec: number;
  /** From a publish to its ack, and to its delivery, in ms. */
  readonly ack_ms: Latencies;
  readonly delivery_ms: Latencies;
  /** How many deliveries came within so many ms, and not within the next less. */
  readonly distribution: readonly { readonly up_to_ms: number | null; readonly count: number }[];
}

/** Takes what is measured. */
export class BenchMeter {
  published = 0;
  delivered = 0;
  failed = 0;
  readonly #subscribers: number;
  readonly #acks = createHistogram();
  readonly #deliveries = createHistogram();
  readonly #counts = BAR_ENDS_MS.map(() => 0);
  #startMs = 0;
  #endMs = 0;

  /** @param subscribers how many deliveries each message should have */
  constructor(subscribers: number) {
    this.#subscribers = subscribers;
  }

  /** Whether all that was published came to every subscriber. */
  get isComplete(): boolean {
    return this.#endMs > 0 && this.delivered >= this.published * this.#subscribers;
  }

  start(): void {
    this.#startMs = performance.now();
  }

  /** Ends the time that rates are counted over. */
  stop(): void {
    if (this.#startMs > 0) this.#endMs = performance.now();
  }

  ackedAfter(ms: number): void {
    this.published++;
    this.#acks.record(toMicros(ms));
  }

  deliveredAfter(ms: number): void {
    this.delivered++;
    this.#deliveries.record(toMicros(ms));
    const bar = BAR_ENDS_MS.findIndex((end) => ms <= end);
    this.#counts[bar] = (this.#counts[bar] ?? 0) + 1;
  }

  result(): BenchResult {
    const seconds = (this.#endMs - this.#startMs) / 1000;
    const perSecond = (count: number) => (seconds > 0 ? Math.round(count / seconds) : 0);
    return {
      seconds: Math.round(seconds * 1000) / 1000,
      published: this.published,
      failed: this.failed,
      delivered: this.delivered,
      lost: Math.max(0, this.published * this.#subscribers - this.delivered),
      published_per_sec: perSecond(this.published),
      delivered_per_sec: perSecond(this.delivered),
      ack_ms: latencies(this.#acks),
      delivery_ms: latencies(this.#deliveries),
      distribution: BAR_ENDS_MS.map((end, i) => ({
        up_to_ms: Number.isFinite(end) ? end : null,
        count: this.#counts[i] ?? 0,
      })),
    };
  }
}

function toMicros(ms: number): number {
  return Math.max(1, Math.round(ms * 1000));
}

function latencies(histogram: RecordableHistogram): Latencies {
  const at = (percentile: number) => (histogram.count === 0 ? 0 : histogram.percentile(percentile) / 1000);
  return { p50: at(50), p90: at(90), p99: at(99), "p99.9": at(99.9), p100: at(100) };
}

/** The result for programs. */
export function benchJson(result: BenchResult): string {
  return JSON.stringify(result);
}

function chart({ delivered, distribution }: BenchResult): string {
  const largest = Math.max(...distribution.map(({ count }) => count));
  const first = distribution.findIndex(({ count }) => count > 0);
  const last = distribution.findLastIndex(({ count }) => count > 0);
  const bars = distribution.slice(first, last + 1).map(({ count, up_to_ms: end }) => {
    const label = end === null ? "more" : `up to ${end} ms`;
    const bar = styled("cyan", "█".repeat(Math.ceil((count / largest) * CHART_WIDTH)));
    return `${label.padStart(14)}  ${bar} ${formatNumber((count * 100) / delivered)} %`;
  });
  return ["Deliveries by latency", ...bars].join("\n");
}

/** The result for people, with a chart. */
export function benchText(result: BenchResult): string {
  const rates = table([
    [`in ${result.seconds} s`, "messages", "a second"],
    ["published", result.published, result.published_per_sec],
    ["delivered", result.delivered, result.delivered_per_sec],
    ["lost", result.lost, ""],
    ["failed", result.failed, ""],
  ]);
  const row = (name: string, ms: Latencies) => [name, ...PERCENTILES.map((p) => ms[`p${p}`].toFixed(3))];
  const times = table([
    ["latency, ms", "p50", "p90", "p99", "p99.9", "longest"],
    row("to the ack", result.ack_ms),
    row("to the delivery", result.delivery_ms),
  ]);
  return result.delivered > 0 ? [rates, times, chart(result)].join("\n\n") : rates;
}
