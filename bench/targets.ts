import type { Figure } from "./figures.ts";
import type { PeerName } from "./scenario.ts";
import type { Lookup } from "./summary.ts";

/** Something the project wants to be true of its figures: a number that must not be larger than another. */
export interface Target {
  readonly what: string;
  readonly against: string;
  readonly atMost: number;
  /** The number as measured; undefined where a part of it was not measured. */
  measure(lookup: Lookup): number | undefined;
}

/** A target beside what was measured. */
export interface Verdict {
  readonly what: string;
  readonly against: string;
  readonly atMost: number;
  readonly measured: number | undefined;
  readonly result: "met" | "missed" | "not measured";
}

/** Holds every target against the measurements. */
export function evaluate(targets: readonly Target[], lookup: Lookup): readonly Verdict[] {
  return targets.map((target) => {
    const { what, against, atMost } = target;
    const measured = target.measure(lookup);
    const result = measured === undefined ? "not measured" : measured <= atMost ? "met" : "missed";
    return { what, against, atMost, measured, result };
  });
}

/** Ringcast's CPU per delivery over a peer's. */
export function cpuRatio(workload: string, peer: PeerName, atMost: number): Target {
  return {
    what: `${workload}: CPU per delivery`,
    against: peer,
    atMost,
    measure: (lookup) =>
      ratio(lookup(workload, "ringcast", "cpuPerDeliveryUs"), lookup(workload, peer, "cpuPerDeliveryUs")),
  };
}

/** The largest over the smallest of Ringcast's figures in several workloads. */
export function flat(what: string, workloads: readonly string[], figure: Figure, atMost: number): Target {
  return {
    what,
    against: "itself",
    atMost,
    measure: (lookup) => {
      const values = workloads.map((workload) => lookup(workload, "ringcast", figure));
      const known = values.filter((value) => value !== undefined);
      return known.length < values.length ? undefined : Math.max(...known) / Math.min(...known);
    },
  };
}

/** Ringcast's figure in one workload over its figure in another. */
export function selfRatio(what: string, workload: string, base: string, figure: Figure, atMost: number): Target {
  return {
    what,
    against: "itself",
    atMost,
    measure: (lookup) => ratio(lookup(workload, "ringcast", figure), lookup(base, "ringcast", figure)),
  };
}

/**
 * The same for what one more subscriber adds to a publish, between each number of subscribers and the next. The cost of
 * a publish itself, which few subscribers share, is not in it.
 */
export function flatPerSubscriber(what: string, workload: string, counts: readonly number[], atMost: number): Target {
  return {
    what,
    against: "itself",
    atMost,
    measure: (lookup) => {
      const costs = counts.map((count) => lookup(`${workload}-${count}`, "ringcast", "cpuPerPublishUs"));
      const steps = costs.slice(1).map((cost, index) => {
        const before = costs[index];
        const added = (counts[index + 1] ?? 0) - (counts[index] ?? 0);
        return cost === undefined || before === undefined ? undefined : (cost - before) / added;
      });
      const known = steps.filter((step) => step !== undefined);
      return known.length < steps.length ? undefined : Math.max(...known) / Math.min(...known);
    },
  };
}

const SUBSCRIBER_COUNTS = [10, 100, 1000, 10_000] as const;
const ON_NODE = ["socket.io", "ws"] as const;
// Of payloads of 128 bytes: copying large ones costs every server the same.
const AGAINST_NODE = ["one-to-one", "pairs", "fanout-100", "fanout-1000", "topics"];

/** The project's targets. */
export const TARGETS: readonly Target[] = [
  cpuRatio("fanout-100", "redis", 1.1),
  cpuRatio("fanout-100", "nats", 0.6),
  cpuRatio("fanout-1000", "redis", 0.95),
  cpuRatio("pairs", "nats", 1.2),
  cpuRatio("one-to-one", "nats", 1.35),
  cpuRatio("paced-100", "redis", 1.1),
  ...AGAINST_NODE.flatMap((workload) => ON_NODE.map((peer) => cpuRatio(workload, peer, 0.25))),
  ...ON_NODE.map((peer) => cpuRatio("paced-100", peer, 0.8)),
  {
    what: "idle: resident bytes per connection",
    against: "3 KiB",
    atMost: 3 * 1024,
    measure: (lookup) => lookup("idle", "ringcast", "connectionBytes"),
  },
  flat(
    "CPU per delivery at 10 to 10,000 subscribers",
    SUBSCRIBER_COUNTS.map((count) => `subscribers-${count}`),
    "cpuPerDeliveryUs",
    1.3,
  ),
  flatPerSubscriber("the same, less the publish's own CPU", "subscribers", SUBSCRIBER_COUNTS, 1.3),
  flat("CPU per publish at 1 to 10,000 topics", ["topics-1", "topics-100", "topics-10000"], "cpuPerPublishUs", 1.3),
  selfRatio("CPU per message, HTTP lists of 100", "http-publish-100", "http-publish-1", "cpuPerPublishUs", 0.2),
  selfRatio("healthy p99 beside 500 stalled", "stalled-500", "stalled-0", "latencyP99Us", 1.5),
];

function ratio(value: number | undefined, base: number | undefined): number | undefined {
  return value === undefined || base === undefined ? undefined : value / base;
}
