import { expect, test } from "bun:test";
import { summarise } from "../summary.ts";
import { allWorkloads } from "../workloads.ts";
import { chartSvg } from "./chart.ts";
import { targetsText, workloadText } from "./text.ts";

const [workload] = allWorkloads({ warmUpMs: 1, measureMs: 1, settleMs: 1 });
if (workload === undefined) throw new Error("no workload");
const SUMMARY = {
  workload,
  peers: [
    summarise("ringcast", [
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

test("a missed target says by how much", () => {
  const verdict = { what: "w", against: "redis", atMost: 1.1 };
  expect(targetsText([{ ...verdict, measured: 1.32, result: "missed" }])).toContain("missed by 20 %");
  expect(targetsText([{ ...verdict, measured: 1, result: "met" }])).toMatch(/met$/);
});

test("the chart is an SVG with a bar for each peer", () => {
  const svg = chartSvg("title", "subtitle", [SUMMARY]);
  expect(svg).toStartWith("<svg");
  for (const text of ["title", "ringcast", "redis", "4.00"]) expect(svg).toContain(text);
});
