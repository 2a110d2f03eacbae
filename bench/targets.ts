import type { Figure } from "./figures.ts";
import type { PeerName } from "./scenario.ts";
import { median, type Spread } from "./statistics.ts";
import type { Lookup } from "./summary.ts";
import type { Workload } from "./workloads.ts";

/** The two runtimes that Ringcast is judged on, by the names of its peers. */
export const JUDGED = ["ringcast-node", "ringcast-bun"] as const;
export type Judged = (typeof JUDGED)[number];

/** One measurement that a target needs. */
export interface Part {
  readonly workload: string;
  readonly peer: PeerName;
}

/** What a target allows on each runtime; undefined: the number is reported and not judged. */
export type Limits = Readonly<Record<Judged, number | undefined>>;

/** A number made of figures of Ringcast and of what it is compared with. It must not exceed the limit. */
export interface Target {
  readonly what: string;
  readonly against: string;
  readonly figure: Figure;
  readonly atMost: Limits;
  /** The measurements that it is made of, for Ringcast on one runtime. */
  parts(self: Judged): readonly Part[];
  /** Makes the number of the parts' figures, in their order. */
  combine(values: readonly number[]): number;
}

/** A target beside what was measured on one runtime. */
export interface Verdict {
  readonly what: string;
  readonly against: string;
  readonly peer: Judged;
  readonly atMost: number | undefined;
  /** Made of the parts' medians; the extremes are those of single rounds. Undefined where a part was not measured. */
  readonly measured: Spread | undefined;
  readonly result: "met" | "missed" | "reported" | "not measured";
}

/** Compares every target with the measurements, on both runtimes. */
export function evaluate(targets: readonly Target[], lookup: Lookup): readonly Verdict[] {
  return targets.flatMap((target) =>
    JUDGED.map((peer): Verdict => {
      const { what, against } = target;
      const atMost = target.atMost[peer];
      const measured = measure(target, peer, lookup);
      return { what, against, peer, atMost, measured, result: resultOf(measured?.median, atMost) };
    }),
  );
}

/** Workloads with only those peers that the targets need. */
export function neededFor(targets: readonly Target[], workloads: readonly Workload[]): readonly Workload[] {
  const parts = targets.flatMap((target) => JUDGED.flatMap((peer) => target.parts(peer)));
  return workloads.flatMap((workload) => {
    const peers = new Set(parts.filter(({ workload: name }) => name === workload.name).map(({ peer }) => peer));
    return peers.size === 0 ? [] : [{ ...workload, peers: [...peers] }];
  });
}

function resultOf(measured: number | undefined, atMost: number | undefined): Verdict["result"] {
  if (measured === undefined) return "not measured";
  if (atMost === undefined) return "reported";
  return measured <= atMost ? "met" : "missed";
}

function measure(target: Target, self: Judged, lookup: Lookup): Spread | undefined {
  const parts = target.parts(self).map(({ workload, peer }) => lookup(workload, peer, target.figure));
  const known = parts.map((rounds) => rounds.filter((value) => value !== undefined));
  if (known.some((values) => values.length === 0)) return undefined;
  const ofMedians = target.combine(known.map(median));
  const rounds = Math.max(...parts.map((values) => values.length));
  const ofRounds = Array.from({ length: rounds }, (_, round) => {
    const values = parts.map((part) => part[round]).filter((value) => value !== undefined);
    return values.length < parts.length ? [] : [target.combine(values)];
  }).flat();
  return { median: ofMedians, min: Math.min(ofMedians, ...ofRounds), max: Math.max(ofMedians, ...ofRounds) };
}

/** The first value over the second. */
function ratio([value = Number.NaN, base = Number.NaN]: readonly number[]): number {
  return value / base;
}

/** Limits for Node and for Bun; undefined: reported only. */
export function limits(node: number | undefined, bun: number | undefined): Limits {
  return { "ringcast-node": node, "ringcast-bun": bun };
}

/** Ringcast's figure over a peer's, in the same workload. */
export function againstPeer(workload: string, peer: PeerName, figure: Figure, node: number, bun: number): Target {
  return {
    what: workload,
    against: peer,
    figure,
    atMost: limits(node, bun),
    parts: (self) => [self, peer].map((name) => ({ workload, peer: name })),
    combine: ratio,
  };
}

/** Ringcast's figure in one workload over its figure in another. */
export function againstOwn(workload: string, base: string, figure: Figure, atMost: Limits): Target {
  return {
    what: workload,
    against: `own ${base}`,
    figure,
    atMost,
    parts: (self) => [workload, base].map((name) => ({ workload: name, peer: self })),
    combine: ratio,
  };
}

/** The largest over the smallest of Ringcast's figures in several workloads; on Bun it is reported. */
export function flat(what: string, workloads: readonly string[], figure: Figure, atMost: number): Target {
  return {
    what,
    against: "itself, largest / smallest",
    figure,
    atMost: limits(atMost, undefined),
    parts: (self) => workloads.map((workload) => ({ workload, peer: self })),
    combine: (values) => Math.max(...values) / Math.min(...values),
  };
}

/** Ringcast's figure itself; on Bun it is reported. */
export function bounded(workload: string, against: string, figure: Figure, atMost: number): Target {
  return {
    what: workload,
    against,
    figure,
    atMost: limits(atMost, undefined),
    parts: (self) => [{ workload, peer: self }],
    combine: ([value = Number.NaN]) => value,
  };
}

const CPU = "cpuPerDeliveryUs";

/** The project's targets. The limits of those against peers are for `--batched-writes`. */
export const TARGETS: readonly Target[] = [
  againstPeer("fanout-100", "redis", CPU, 1.05, 1),
  againstPeer("fanout-100", "nats", CPU, 0.6, 0.55),
  againstPeer("fanout-1000", "redis", CPU, 1.1, 1.1),
  againstPeer("pairs", "nats", CPU, 1.8, 1.5),
  againstPeer("one-to-one", "nats", CPU, 1.8, 1.5),
  againstPeer("paced-100", "redis", CPU, 1.35, 1.25),
  againstPeer("fanout-100-16k", "redis", CPU, 1.1, 1.1),
  againstPeer("http-publish-1", "ringcast-before", "cpuPerPublishUs", 0.65, 0.65),
  againstOwn("fanout-100-event-stream", "fanout-100", CPU, limits(1.4, 1.4)),
  againstOwn("fanout-100-tls", "fanout-100", CPU, limits(undefined, undefined)),
  bounded("idle", "6 KB a connection", "connectionBytes", 6000),
  flat("subscribers-100, -1000, -10000", ["subscribers-100", "subscribers-1000", "subscribers-10000"], CPU, 1.6),
  againstOwn("stalled-500", "stalled-0", "latencyP99Us", limits(1.5, undefined)),
  bounded("retain-100", "frames held", "memoryPerFrames", 1.5),
  bounded("retain-150", "frames held", "memoryPerFrames", 1.5),
];
