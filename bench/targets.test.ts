import { expect, test } from "bun:test";
import type { PeerName } from "./scenario.ts";
import type { Lookup } from "./summary.ts";
import { cpuRatio, evaluate, flat, flatPerSubscriber, selfRatio, TARGETS } from "./targets.ts";
import { allWorkloads } from "./workloads.ts";

function lookup(values: Readonly<Record<string, number>>): Lookup {
  return (workload, peer: PeerName, figure) => values[`${workload} ${peer} ${figure}`];
}

const KNOWN = lookup({
  "w ringcast cpuPerDeliveryUs": 1.1,
  "w redis cpuPerDeliveryUs": 1,
  "w nats cpuPerDeliveryUs": 4,
  "a ringcast cpuPerPublishUs": 10,
  "b ringcast cpuPerPublishUs": 12,
  "c ringcast cpuPerPublishUs": 9,
});

function resultOf(target: Parameters<typeof evaluate>[0][number]): unknown {
  const verdict = evaluate([target], KNOWN)[0];
  return [verdict?.measured, verdict?.result];
}

test("a ratio is met up to its limit, and missed past it", () => {
  expect(resultOf(cpuRatio("w", "redis", 1.1))).toEqual([1.1, "met"]);
  expect(resultOf(cpuRatio("w", "redis", 1.09))).toEqual([1.1, "missed"]);
  expect(resultOf(cpuRatio("w", "nats", 0.3))).toEqual([1.1 / 4, "met"]);
});

test("what was not measured is neither met nor missed", () => {
  expect(resultOf(cpuRatio("w", "ws", 1))).toEqual([undefined, "not measured"]);
  expect(resultOf(cpuRatio("unknown", "redis", 1))).toEqual([undefined, "not measured"]);
  expect(resultOf(flat("f", ["a", "unknown"], "cpuPerPublishUs", 1.3))).toEqual([undefined, "not measured"]);
});

test("flatness is the largest over the smallest", () => {
  expect(resultOf(flat("f", ["a", "b", "c"], "cpuPerPublishUs", 1.3))).toEqual([12 / 9, "missed"]);
  expect(resultOf(flat("f", ["a", "b"], "cpuPerPublishUs", 1.3))).toEqual([1.2, "met"]);
});

test("what a subscriber adds is told from what a publish costs by itself", () => {
  const costs = lookup({
    "s-10 ringcast cpuPerPublishUs": 3 + 10 * 0.5,
    "s-100 ringcast cpuPerPublishUs": 3 + 100 * 0.5,
    "s-300 ringcast cpuPerPublishUs": 3 + 100 * 0.5 + 200 * 0.6,
  });
  const [verdict] = evaluate([flatPerSubscriber("f", "s", [10, 100, 300], 1.3)], costs);
  expect(verdict?.measured).toBeCloseTo(1.2);
});

test("a workload is compared with another one of the same server", () => {
  expect(resultOf(selfRatio("s", "b", "a", "cpuPerPublishUs", 1.5))).toEqual([1.2, "met"]);
});

test("every target of the project can be measured by some workload", () => {
  const names = new Set(allWorkloads({ warmUpMs: 1, measureMs: 1, settleMs: 1 }).map(({ name }) => name));
  const everything: Lookup = (workload) => (names.has(workload) ? 1 : undefined);
  for (const { what, result } of evaluate(TARGETS, everything)) expect([what, result]).not.toContain("not measured");
});
