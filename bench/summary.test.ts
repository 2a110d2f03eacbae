import { expect, test } from "vitest";
import { lookupIn, summarise } from "./summary.ts";
import { allWorkloads } from "./workloads.ts";

const GOOD = [1, 3, 2].map((cpuPerDeliveryUs) => ({ figures: { cpuPerDeliveryUs }, faults: [] }));
const BAD = { figures: { cpuPerDeliveryUs: 0.01 }, faults: ["1 deliveries missing"] };

test("a run with faults is kept but not counted", () => {
  const summary = summarise("redis", [...GOOD, BAD]);
  expect(summary.figures.cpuPerDeliveryUs).toEqual({ median: 2, min: 1, max: 3 });
  expect(summary.runs).toHaveLength(4);
});

test("a figure that no good run has is not there", () => {
  expect(summarise("redis", [BAD]).figures).toEqual({});
});

test("the figures of all rounds are looked up by workload, peer and figure", () => {
  const workloads = allWorkloads({ warmUpMs: 1, measureMs: 1, settleMs: 1 }).slice(0, 1);
  const lookup = lookupIn(workloads.map((workload) => ({ workload, peers: [summarise("redis", [...GOOD, BAD])] })));
  expect(lookup("one-to-one", "redis", "cpuPerDeliveryUs")).toEqual([1, 3, 2, undefined]);
  expect(lookup("one-to-one", "ws", "cpuPerDeliveryUs")).toEqual([]);
  expect(lookup("pairs", "redis", "cpuPerDeliveryUs")).toEqual([]);
});
