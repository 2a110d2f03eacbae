import { Chart as Drawing, Filler, LinearScale, LineController, LineElement, PointElement } from "chart.js";
import { HISTORY_MS, type Sample } from "../../history.ts";
import { type Base, type Line, scaleEnd, summaryOf } from "./series.ts";

// Lines over the last 15 minutes, as Chart.js draws them.

Drawing.register(Filler, LinearScale, LineController, LineElement, PointElement);

/** A drawing of lines over time. */
export type LineDrawing = Drawing<"line", { x: number; y: number }[]>;

/** The ends of the scale of time are named, and every five minutes have a line. */
const TICKS = ["15 min ago", "", "", "now"];
const TICK_MS = HISTORY_MS / (TICKS.length - 1);
/** All charts have their numbers in a column of this width, so that times stand one below the other. */
const NUMBERS_WIDTH = 46;
/** A line with no sample for longer than this is broken: nobody knows what was. */
const MAX_GAP_MS = 5000;

/** What is drawn; made once, since a drawing is made anew with it. */
export interface Subject {
  /** The first is drawn in the accent, the second quieter. */
  readonly lines: readonly Line[];
  /** How numbers are written where there is little room. */
  readonly formatTick: (value: number) => string;
  /** What the numbers at the scale are round to. */
  readonly base: Base;
  /** The scale reaches at least up to here, so that next to nothing looks like it. */
  readonly atLeast: number;
}

/** Draws the lines on a canvas; samples and colours are still to come. */
export function draw(canvas: HTMLCanvasElement, { lines, formatTick }: Subject): LineDrawing {
  return new Drawing<"line", { x: number; y: number }[]>(canvas, {
    type: "line",
    data: { datasets: lines.map(({ label }, index) => ({ label, data: [], fill: index === 0 ? "origin" : false })) },
    options: {
      animation: false,
      parsing: false,
      normalized: true,
      responsive: true,
      maintainAspectRatio: false,
      events: [],
      spanGaps: MAX_GAP_MS,
      elements: { point: { radius: 0 }, line: { borderWidth: 1.5, borderJoinStyle: "round" } },
      layout: { padding: { top: 4 } },
      scales: {
        x: {
          type: "linear",
          border: { display: false },
          grid: { tickLength: 0 },
          afterBuildTicks: (axis) => {
            axis.ticks = TICKS.map((_, index) => ({ value: axis.min + index * TICK_MS }));
          },
          ticks: {
            align: "inner",
            maxRotation: 0,
            padding: 6,
            autoSkip: false,
            font: { size: 10 },
            callback: (_, index) => TICKS[index],
          },
        },
        y: {
          type: "linear",
          min: 0,
          border: { display: false },
          grid: { tickLength: 0 },
          afterBuildTicks: (axis) => {
            axis.ticks = [0, axis.max / 2, axis.max].map((value) => ({ value }));
          },
          afterFit: (axis) => {
            axis.width = NUMBERS_WIDTH;
          },
          ticks: { padding: 6, font: { size: 10 }, callback: (value) => formatTick(Number(value)) },
        },
      },
    },
  });
}

/** Takes the colours of the design as they are now. */
export function paint(drawing: LineDrawing): void {
  const styles = getComputedStyle(drawing.canvas);
  const colour = (name: string) => styles.getPropertyValue(name);
  drawing.data.datasets.forEach((dataset, index) => {
    dataset.borderColor = colour(index === 0 ? "--accent" : "--second");
    dataset.backgroundColor = colour("--accent-fill");
  });
  for (const scale of Object.values(drawing.options.scales ?? {})) {
    if (scale?.ticks !== undefined) scale.ticks.color = colour("--muted");
    if (scale?.grid !== undefined) scale.grid.color = colour("--line");
  }
}

/** Shows samples, up to the time of the last one. */
export function update(drawing: LineDrawing, { lines, base, atLeast }: Subject, list: readonly Sample[]): void {
  lines.forEach(({ of }, index) => {
    const dataset = drawing.data.datasets[index];
    if (dataset !== undefined) dataset.data = list.map(({ atMs, stats }) => ({ x: atMs, y: of(stats) }));
  });
  const { x, y } = drawing.options.scales ?? {};
  if (x === undefined || y === undefined) return;
  const endMs = list.at(-1)?.atMs ?? Date.now();
  x.min = endMs - HISTORY_MS;
  x.max = endMs;
  const highest = Math.max(atLeast, ...lines.map((line) => summaryOf(list, line)?.highest ?? 0));
  y.max = scaleEnd(highest, base);
  drawing.update("none");
}
