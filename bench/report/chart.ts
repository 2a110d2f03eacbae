import { init } from "echarts";
import { FIGURES, headlineOf } from "../figures.ts";
import type { PeerName } from "../scenario.ts";
import type { WorkloadSummary } from "../summary.ts";
import type { Report } from "./json.ts";

const COLUMNS = 3;
const PANEL = { width: 340, height: 230 } as const;
const NAMES_WIDTH = 124;
const VALUES_WIDTH = 60;
const HEADER_HEIGHT = 64;
/** Ringcast's bars stand out. */
const OWN: Readonly<Partial<Record<PeerName, { readonly label: string; readonly colour: string }>>> = {
  "ringcast-node": { label: "Ringcast on Node", colour: "#d9480f" },
  "ringcast-bun": { label: "Ringcast on Bun", colour: "#f08c4a" },
  "ringcast-before": { label: "Ringcast before", colour: "#f8c9a8" },
};
const OTHERS = "#8d99a6";

/** The chart of a report: the workloads of the short run. */
export function reportChart({ batchedWrites, machine, rounds, workloads }: Report): string {
  const writes = batchedWrites ? "publishers write their window at once" : "publishers write each message by itself";
  const subtitle = `${machine.cpu}, one core for the server; medians of ${rounds} rounds; ${writes}; shorter is better`;
  const drawn = workloads.filter(({ workload }) => workload.quick);
  return chartSvg("What a delivery costs the server", subtitle, drawn);
}

/** Draws one panel for each workload, with a bar for each peer: shorter is better. */
export function chartSvg(title: string, subtitle: string, summaries: readonly WorkloadSummary[]): string {
  const panels = summaries.filter(({ peers }) => peers.length > 1);
  const rows = Math.ceil(panels.length / COLUMNS);
  const chart = init(null, null, {
    renderer: "svg",
    ssr: true,
    width: COLUMNS * PANEL.width,
    height: HEADER_HEIGHT + Math.max(1, rows) * PANEL.height,
  });
  const corners = panels.map((_, index) => ({
    left: (index % COLUMNS) * PANEL.width,
    top: HEADER_HEIGHT + Math.floor(index / COLUMNS) * PANEL.height,
  }));
  chart.setOption({
    animation: false,
    backgroundColor: "#ffffff",
    title: [
      { text: title, subtext: subtitle, left: 16, top: 8, textStyle: { fontSize: 16 } },
      ...panels.map(({ workload, peers }, index) => ({
        text: workload.title,
        subtext: FIGURES[headlineOf(peers.map(({ figures }) => figures))].label,
        left: (corners[index]?.left ?? 0) + 16,
        top: corners[index]?.top ?? 0,
        itemGap: 2,
        textStyle: { fontSize: 12 },
        subtextStyle: { fontSize: 11 },
      })),
    ],
    grid: corners.map(({ left, top }) => ({
      left: left + NAMES_WIDTH,
      top: top + 40,
      width: PANEL.width - NAMES_WIDTH - VALUES_WIDTH,
      height: PANEL.height - 60,
    })),
    xAxis: panels.map((_, index) => ({ type: "value", gridIndex: index, show: false, min: 0 })),
    yAxis: panels.map(({ peers }, index) => ({
      type: "category",
      gridIndex: index,
      inverse: true,
      data: peers.map(({ peer }) => OWN[peer]?.label ?? peer),
      axisTick: { show: false },
      axisLine: { show: false },
    })),
    series: panels.map(({ peers }, index) => {
      const headline = headlineOf(peers.map(({ figures }) => figures));
      return {
        type: "bar",
        xAxisIndex: index,
        yAxisIndex: index,
        barWidth: "62%",
        label: { show: true, position: "right", formatter: ({ value }: { value: number }) => labelOf(headline, value) },
        data: peers.map(({ peer, figures }) => ({
          value: figures[headline]?.median ?? 0,
          itemStyle: { color: OWN[peer]?.colour ?? OTHERS },
        })),
      };
    }),
  });
  const svg = chart.renderToSVGString();
  chart.dispose();
  return svg;
}

function labelOf(figure: keyof typeof FIGURES, value: number): string {
  return value === 0 ? "not measured" : value.toFixed(FIGURES[figure].decimals);
}
