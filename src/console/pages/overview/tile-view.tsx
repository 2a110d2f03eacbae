import { samples } from "../../feed.ts";
import { formatCount, formatTime } from "../../parts/format.ts";
import { Chart } from "./chart.tsx";
import { describe, indexNear, type Line, summaryOf } from "./series.ts";
import type { Tile } from "./tiles.ts";
import { pointedMs } from "./time-pointer.ts";

const UNKNOWN = "–";

/** The sample that is shown: the one that is pointed to, else the last. */
function shownSample() {
  const list = samples.value;
  const atMs = pointedMs.value;
  return atMs === undefined ? list.at(-1) : list[indexNear(list, atMs)];
}

function inWords({ lines, format }: Tile): string {
  const texts = lines.map((line) => {
    const summary = summaryOf(samples.value, line);
    return summary === undefined ? `${line.label}: nothing yet` : describe(line, summary, format);
  });
  return `The last 15 minutes. ${texts.join("; ")}.`;
}

function peak({ lines, format }: Tile): string {
  const highest = lines.map((line) => summaryOf(samples.value, line)?.highest ?? 0);
  return `peak ${format(Math.max(...highest))}`;
}

interface FigureProps {
  readonly line: Line;
  readonly format: (value: number) => string;
  /** Which line of the chart it is; none where it is not drawn. */
  readonly mark?: "first" | "second";
}

function Figure({ line, format, mark }: FigureProps) {
  const sample = shownSample();
  return (
    <div>
      <dt>
        {mark === undefined ? null : <span class={`tile-mark tile-mark-${mark}`} />}
        {line.label}
      </dt>
      <dd>{sample === undefined ? UNKNOWN : format(line.of(sample.stats))}</dd>
    </div>
  );
}

/** Numbers now, or at the time that is pointed to, over how they went in the last 15 minutes. */
export function TileView({ tile }: { readonly tile: Tile }) {
  const { title, lines, total, format, formatTick, base, atLeast } = tile;
  const atMs = pointedMs.value;
  return (
    <section class="card tile" aria-label={title}>
      <header>
        <h3>{title}</h3>
        <span class="muted">{atMs === undefined ? peak(tile) : formatTime(atMs)}</span>
      </header>
      <dl>
        {lines.map((line, index) => (
          <Figure key={line.label} line={line} format={format} mark={index === 0 ? "first" : "second"} />
        ))}
        {total === undefined ? null : <Figure line={total} format={formatCount} />}
      </dl>
      <Chart
        label={title}
        summary={inWords(tile)}
        lines={lines}
        format={format}
        formatTick={formatTick}
        base={base}
        atLeast={atLeast}
      />
    </section>
  );
}
