import { expect, test } from "vitest";
import type { Lookup } from "./summary.ts";
import {
  againstOwn,
  againstPeer,
  bounded,
  evaluate,
  flat,
  limits,
  neededFor,
  TARGETS,
  type Target,
} from "./targets.ts";
import { allWorkloads } from "./workloads.ts";

const WORKLOADS = allWorkloads({ warmUpMs: 1, measureMs: 1, settleMs: 1 });

function lookup(values: Readonly<Record<string, readonly (number | undefined)[]>>): Lookup {
  return (workload, peer, figure) => values[`${workload} ${peer} ${figure}`] ?? [];
}

const KNOWN = lookup({
  "w ringcast-node cpuPerDeliveryUs": [1.1, 0.9, 1.3],
  "w ringcast-bun cpuPerDeliveryUs": [1, undefined, 1],
  "w redis cpuPerDeliveryUs": [1, 1, 1],
  "w nats cpuPerDeliveryUs": [4, 2, 5],
  "a ringcast-node cpuPerPublishUs": [10],
  "b ringcast-node cpuPerPublishUs": [12],
  "c ringcast-node cpuPerPublishUs": [9],
});

function resultsOf(target: Target): unknown[] {
  return evaluate([target], KNOWN).map(({ measured, peer, result }) => [peer, measured?.median, result]);
}

test("a ratio is met up to its limit and missed beyond it, on each runtime by itself", () => {
  expect(resultsOf(againstPeer("w", "redis", "cpuPerDeliveryUs", 1.1, 0.99))).toEqual([
    ["ringcast-node", 1.1, "met"],
    ["ringcast-bun", 1, "missed"],
  ]);
});

test("a ratio is made of the medians, and its extremes are those of single rounds", () => {
  const [verdict] = evaluate([againstPeer("w", "nats", "cpuPerDeliveryUs", 0.3, 0.3)], KNOWN);
  expect(verdict?.measured).toEqual({ median: 1.1 / 4, min: 1.3 / 5, max: 0.9 / 2 });
});

test("what was not measured is neither met nor missed", () => {
  const results = resultsOf(againstPeer("w", "ws", "cpuPerDeliveryUs", 1, 1));
  expect(results.flat().filter((word) => word === "not measured")).toHaveLength(2);
  expect(resultsOf(flat("f", ["a", "unknown"], "cpuPerPublishUs", 1.3))[0]).toContain("not measured");
});

test("flatness is the largest over the smallest; without a limit a number is reported", () => {
  expect(resultsOf(flat("f", ["a", "b", "c"], "cpuPerPublishUs", 1.3))).toContainEqual([
    "ringcast-node",
    12 / 9,
    "missed",
  ]);
  expect(resultsOf(flat("f", ["w"], "cpuPerDeliveryUs", 1.3))).toContainEqual(["ringcast-bun", 1, "reported"]);
});

test("a workload is compared with another one of the same server, or with a bound", () => {
  expect(resultsOf(againstOwn("b", "a", "cpuPerPublishUs", limits(1.5, undefined)))[0]).toEqual([
    "ringcast-node",
    1.2,
    "met",
  ]);
  expect(resultsOf(bounded("a", "9 us", "cpuPerPublishUs", 9))[0]).toEqual(["ringcast-node", 10, "missed"]);
});

test("every target of the project can be measured by the workloads and peers that it needs", () => {
  const needed = neededFor(TARGETS, WORKLOADS);
  const everything: Lookup = (workload, peer) => {
    return needed.some(({ name, peers }) => name === workload && peers.includes(peer)) ? [1] : [];
  };
  for (const { what, result } of evaluate(TARGETS, everything)) expect([what, result]).not.toContain("not measured");
  expect(needed.find(({ name }) => name === "fanout-1000")?.peers).toEqual(["ringcast-node", "redis", "ringcast-bun"]);
  expect(needed.map(({ name }) => name)).not.toContain("connect");
});

test("a workload is needed only where its own peers include those of the target", () => {
  for (const { name, peers } of neededFor(TARGETS, WORKLOADS)) {
    const all = WORKLOADS.find((workload) => workload.name === name)?.peers ?? [];
    if (all !== "all" && all !== "history") expect(all).toEqual(expect.arrayContaining([...peers]));
  }
});
