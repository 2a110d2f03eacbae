import { useSignalEffect } from "@preact/signals";
import type { RefObject } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { samples } from "../../feed.ts";
import { formatTime } from "../../parts/format.ts";
import { onColoursChange } from "../../theme.ts";
import { doInAFrame, leaveOut } from "./drawing-turns.ts";
import { draw, type LineDrawing, paint, type Subject, update } from "./line-drawing.ts";
import { indexNear } from "./series.ts";
import { pointedMs } from "./time-pointer.ts";
import "./chart.css";

interface ChartProps extends Subject {
  /** What it is about, for those who do not see it. */
  readonly label: string;
  /** What there is to see, likewise. */
  readonly summary: string;
  /** How numbers are written in words. */
  readonly format: (value: number) => string;
}

function useDrawing(canvas: RefObject<HTMLCanvasElement | null>, { lines, formatTick, base, atLeast }: Subject) {
  const drawing = useRef<LineDrawing | null>(null);
  useEffect(() => {
    const subject = { lines, formatTick, base, atLeast };
    let isPainted = false;
    const refresh = () => {
      if (canvas.current === null) return;
      drawing.current ??= draw(canvas.current, subject);
      if (!isPainted) paint(drawing.current);
      isPainted = true;
      update(drawing.current, subject, samples.peek());
    };
    const stopSamples = samples.subscribe(() => doInAFrame(refresh));
    const stopColours = onColoursChange(() => {
      isPainted = false;
      doInAFrame(refresh);
    });
    return () => {
      stopColours();
      stopSamples();
      leaveOut(refresh);
      drawing.current?.destroy();
      drawing.current = null;
    };
  }, [canvas, lines, formatTick, base, atLeast]);
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
    pointer.current.style.transform = `translate(${x.getPixelForValue(atMs)}px, ${y.top}px)`;
    pointer.current.style.height = `${y.bottom - y.top}px`;
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
        onFocus={() => pointTo(last)}
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
