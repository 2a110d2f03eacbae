import { z } from "zod";

/** How a figure is written in tables and charts. */
export interface FigureFormat {
  readonly label: string;
  readonly decimals: number;
}

/** Every figure that a run may have, in the order of the tables' columns. */
export const FIGURES = {
  cpuPerDeliveryUs: { label: "CPU us/delivery", decimals: 2 },
  cpuPerPublishUs: { label: "CPU us/publish", decimals: 1 },
  cpuPerConnectUs: { label: "CPU us/connect", decimals: 1 },
  deliveriesPerSecond: { label: "deliveries/s", decimals: 0 },
  publishesPerSecond: { label: "publishes/s", decimals: 0 },
  connectsPerSecond: { label: "connects/s", decimals: 0 },
  serverLoad: { label: "server load %", decimals: 0 },
  serverWait: { label: "server waited %", decimals: 1 },
  latencyP50Us: { label: "p50 us", decimals: 0 },
  latencyP99Us: { label: "p99 us", decimals: 0 },
  latencyP999Us: { label: "p99.9 us", decimals: 0 },
  sendDelayP99Us: { label: "sent late p99 us", decimals: 0 },
  residentMiB: { label: "resident MiB", decimals: 1 },
  baseMiB: { label: "process MiB", decimals: 1 },
  framesMiB: { label: "frames MiB", decimals: 1 },
  memoryPerFrames: { label: "added / frames", decimals: 2 },
  connectionBytes: { label: "bytes/connection", decimals: 0 },
} as const satisfies Record<string, FigureFormat>;

/** The name of a figure; its unit is the name's end. */
export type Figure = keyof typeof FIGURES;

/** Names of all figures, in the order of the tables' columns. */
export const FIGURE_NAMES = Object.keys(FIGURES).filter((name): name is Figure => name in FIGURES);

/** What a workload is mainly about, the first that it has of these. */
const HEADLINES = [
  "cpuPerDeliveryUs",
  "cpuPerConnectUs",
  "connectionBytes",
  "memoryPerFrames",
  "cpuPerPublishUs",
] as const satisfies readonly Figure[];

/** The figure that runs are mainly about. */
export function headlineOf(runs: readonly Readonly<Partial<Record<Figure, unknown>>>[]): Figure {
  return HEADLINES.find((name) => runs.some((figures) => figures[name] !== undefined)) ?? "cpuPerDeliveryUs";
}

/** The figures of one run; which there are depends on the workload. */
export const Figures = z.partialRecord(z.enum(FIGURE_NAMES), z.number());
export type Figures = z.infer<typeof Figures>;
