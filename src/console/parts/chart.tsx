import { useSignalEffect } from "@preact/signals";
import { Chart as Drawing, Filler, LinearScale, LineController, LineElement, PointElement } from "chart.js";
import type { RefObject } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { samples } from "../feed.ts";
import { HISTORY_MS } from "../history.ts";
import { onColoursChange } from "../theme.ts";
import { formatTime } from "./format.ts";
import { type Base, indexNear, type Line, scaleEnd, summaryOf } from "./series.ts";
import { pointedMs } from "./time-pointer.ts";
import "./chart.css";

Drawing.register(Filler, LinearScale, LineController, LineElement, PointElement);

type LineDrawing = Drawing<"line", { x: number; y: number }[]>;

/** The ends of the scale of time are named, and every five minutes have a line. */
const TICKS = ["15 min ago", "", "", "now"];
const TICK_MS = HISTORY_MS / (TICKS.length - 1);
/** All charts have their numbers in a column of this width, so that times stand one below the other. */
const NUMBERS_WIDTH = 46;
/** A line with no sample for longer than this is broken: nobody knows what was. */
const MAX_GAP_MS = 5000;

/** What is drawn; made once, since a drawing is made anew with it. */
interface Subject {
  /** The first is drawn in the accent, the second quieter. */
  readonly lines: readonly Line[];
  /** How numbers are written where there is little room. */
  readonly format: (value: number) => string;
  /** What the numbers at the scale are round to. */
  readonly base: Base;
  /** The scale reaches at least up to here, so that next to nothing looks like it. */
  readonly atLeast: number;
}

interface ChartProps extends Subject {
  /** What it is about, for those who do not see it. */
  readonly label: string;
  /** What there is to see, likewise. */
  readonly summary: string;
}

function draw(canvas: HTMLCanvasElement, { lines, format }: Subject): LineDrawing {
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
          ticks: { padding: 6, font: { size: 10 }, callback: (value) => format(Number(value)) },
        },
      },
    },
  });
}

function paint(drawing: LineDrawing): void {
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

/** Shows the samples as they are now; not while nobody looks. */
function update(drawing: LineDrawing, { lines, base, atLeast }: Subject): void {
  const list = samples.peek();
  if (document.hidden) return;
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

function useDrawing(canvas: RefObject<HTMLCanvasElement | null>, { lines, format, base, atLeast }: Subject) {
  const drawing = useRef<LineDrawing | null>(null);
  useEffect(() => {
    if (canvas.current === null) return;
    const subject = { lines, format, base, atLeast };
    const made = draw(canvas.current, subject);
    drawing.current = made;
    const refresh = () => update(made, subject);
    const stopSamples = samples.subscribe(refresh);
    const stopColours = onColoursChange(() => {
      paint(made);
      refresh();
    });
    document.addEventListener("visibilitychange", refresh);
    return () => {
      document.removeEventListener("visibilitychange", refresh);
      stopColours();
      stopSamples();
      made.destroy();
    };
  }, [canvas, lines, format, base, atLeast]);
  return drawing;
}

/** The last 15 minutes, drawn. A time can be pointed to, which all charts then do. */
export function Chart(props: ChartProps) {
  const { label, summary, lines, format } = props;
  const canvas = useRef<HTMLCanvasElement>(null);
  const pointer = useRef<HTMLDivElement>(null);
  const drawing = useDrawing(canvas, props);
  useSignalEffect(() => {
    const atMs = pointedMs.value;
    void samples.value;
    const { x, y } = drawing.current?.scales ?? {};
    if (pointer.current === null || x === undefined || y === undefined) return;
    pointer.current.hidden = atMs === undefined || atMs < x.min;
    if (atMs === undefined) return;
    pointer.current.style.transform = `translateX(${x.getPixelForValue(atMs)}px)`;
    pointer.current.style.height = `${y.bottom}px`;
  });
  const pointTo = (index: number) => {
    pointedMs.value = samples.peek()[index]?.atMs;
  };
  const pointAt = (event: PointerEvent) => {
    const atMs = drawing.current?.scales["x"]?.getValueForPixel(event.offsetX);
    if (atMs !== undefined) pointTo(indexNear(samples.peek(), atMs));
  };
  const leave = () => {
    pointedMs.value = undefined;
  };
  const last = samples.value.length - 1;
  const index = pointedMs.value === undefined ? last : indexNear(samples.value, pointedMs.value);
  const sample = samples.value[index];
  const words = lines.map(
    (line) => `${line.label} ${sample === undefined ? "unknown" : format(line.of(sample.stats))}`,
  );
  return (
    <div class="chart">
      <input
        class="visually-hidden"
        type="range"
        aria-label={`${label}, by time`}
        aria-valuetext={sample === undefined ? "nothing yet" : `${formatTime(sample.atMs)}: ${words.join(", ")}`}
        min={0}
        max={Math.max(0, last)}
        value={Math.max(0, index)}
        onInput={(event) => pointTo(event.currentTarget.valueAsNumber)}
        onBlur={leave}
      />
      <canvas
        ref={canvas}
        role="img"
        aria-label={`${label}. ${summary}`}
        onPointerMove={pointAt}
        onPointerLeave={leave}
      />
      <div ref={pointer} class="chart-pointer" hidden />
    </div>
  );
}
