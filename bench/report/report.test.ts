import { expect, test } from "vitest";
import { summarise } from "../summary.ts";
import { allWorkloads } from "../workloads.ts";
import { chartSvg } from "./chart.ts";
import { targetsText, workloadText } from "./text.ts";

const [workload] = allWorkloads({ warmUpMs: 1, measureMs: 1, settleMs: 1 });
if (workload === undefined) throw new Error("no workload");
const SUMMARY = {
  workload,
  peers: [
    summarise("ringcast-node", [
      { figures: { cpuPerDeliveryUs: 1.5 }, faults: [] },
      { figures: { cpuPerDeliveryUs: 0.5 }, faults: [] },
    ]),
    summarise("redis", [
      { figures: { cpuPerDeliveryUs: 4, serverWait: 50 }, faults: [] },
      { figures: { cpuPerDeliveryUs: 400 }, faults: ["2 deliveries missing"] },
    ]),
  ],
};

test("a workload's text has medians, spreads, ratios, faults and noise", () => {
  const text = workloadText(SUMMARY);
  expect(text).toContain("1.00 (0.50..1.50)");
  expect(text).toMatch(/redis.*\b0\.25$/m);
  expect(text).toContain("BAD: redis, 1 of 2 runs, not counted: 2 deliveries missing");
  expect(text).toContain("NOISY: other programs had the CPUs during runs of redis");
});

test("a missed target says by how much, and shows the extremes of the rounds", () => {
  const verdict = { what: "w", against: "redis", peer: "ringcast-bun", atMost: 1.1 } as const;
  const measured = { median: 1.32, min: 1.2, max: 1.5 };
  const missed = targetsText([{ ...verdict, measured, result: "missed" }], { batchedWrites: true });
  expect(missed).toContain("missed by 20 %");
  expect(missed).toContain("1.32 (1.20..1.50)");
  const reported = { ...verdict, atMost: undefined, measured, result: "reported" } as const;
  expect(targetsText([reported], { batchedWrites: true })).toMatch(/ reported$/);
});

test("targets that were not measured are counted", () => {
  const verdict = { what: "w", against: "redis", peer: "ringcast-bun", atMost: 1.1, measured: undefined } as const;
  const text = targetsText([{ ...verdict, result: "not measured" }], { batchedWrites: true });
  expect(text).toMatch(/Targets that were not measured: 1\.$/);
  expect(text).not.toContain("redis");
});

test("with single writes, the targets say which writes their limits are for", () => {
  expect(targetsText([], { batchedWrites: false })).toContain("--batched-writes");
});

test("the chart is an SVG with a bar for each peer", () => {
  const svg = chartSvg("title", "subtitle", [SUMMARY]);
  expect(svg).toMatch(/^<svg/);
  for (const text of ["title", "Ringcast on Node", "redis", "4.00"]) expect(svg).toContain(text);
});
