import { useLayoutEffect, useRef } from "preact/hooks";
import { formatCount } from "../../parts/format.ts";
import { Icon } from "../../parts/icon.tsx";
import { PauseButton } from "../../parts/pause-button.tsx";
import { clearFilter, FrameFilter, shownFrames } from "./frame-filter.tsx";
import { rowOf } from "./frame-row.tsx";
import { clearFrames, frameCount, frames, heldCount, isFlood, isReading, pause, paused, read } from "./frames.ts";
import "./frame-log.css";

/** Within so many pixels of its end, the list stays at its end. */
const NEAR_PX = 40;
/** The height of a folded row, its border included, and how many to have besides those in sight. */
const ROW_PX = 29;
const SPARE_ROWS = 5;

function counts(): string {
  const all = frameCount.value;
  const shown = shownFrames.value.length;
  if (shown < frames.value.length) return `${formatCount(shown)} of ${formatCount(frames.value.length)}`;
  return all > shown ? `the last ${formatCount(shown)} of ${formatCount(all)}` : formatCount(all);
}

function LogHeader() {
  return (
    <div class="card-header">
      <h2 id="try-frames">
        Frames <span class="frame-counts muted small">{counts()}</span>
      </h2>
      <div class="actions">
        <PauseButton
          isPaused={paused.value}
          waiting={paused.value ? heldCount.value : 0}
          onToggle={() => pause(!paused.value)}
        />
        <button type="button" class="button" disabled={frameCount.value === 0} onClick={clearFrames}>
          <Icon name="trash" />
          Clear
        </button>
      </div>
    </div>
  );
}

function Nothing() {
  if (frames.value.length > 0) {
    return (
      <div class="empty">
        <p>No frame is like that.</p>
        <button type="button" class="button" onClick={clearFilter}>
          Show all
        </button>
      </div>
    );
  }
  return (
    <div class="empty">
      <h2>No frames yet</h2>
      <p>What goes over this page's own WebSocket shows here, both ways, as it is.</p>
    </div>
  );
}

/** The frames' rows; in a flood only those in sight, with room for the others above them. */
function Rows({ visibleCount }: { readonly visibleCount: number }) {
  const shown = shownFrames.value;
  const skipped = isFlood.value && !isReading.value ? Math.max(0, shown.length - visibleCount) : 0;
  return (
    <ol>
      {skipped === 0 ? null : <li key="skipped" aria-hidden="true" style={{ height: `${skipped * ROW_PX}px` }} />}
      {shown.slice(skipped).map(rowOf)}
    </ol>
  );
}

/** All that goes over the connection. It is read when one goes there: it would never be silent if it spoke by itself. */
export function FrameLog() {
  const list = useRef<HTMLDivElement>(null);
  const toEnd = () => {
    if (list.current !== null) list.current.scrollTop = list.current.scrollHeight;
  };
  // After each rendering: what is new has made the list longer.
  useLayoutEffect(() => {
    if (!isReading.value) toEnd();
  });
  const visibleCount = Math.ceil((list.current?.clientHeight ?? 0) / ROW_PX) + SPARE_ROWS;
  return (
    <section class="card frame-card" aria-labelledby="try-frames">
      <LogHeader />
      <FrameFilter />
      <div class="frame-stage">
        <div
          ref={list}
          class="frame-list"
          role="log"
          aria-live="off"
          aria-labelledby="try-frames"
          onScroll={({ currentTarget: { clientHeight, scrollHeight, scrollTop } }) => {
            read(scrollHeight - scrollTop - clientHeight > NEAR_PX);
          }}
        >
          {shownFrames.value.length === 0 ? <Nothing /> : <Rows visibleCount={visibleCount} />}
        </div>
        {isReading.value ? (
          <button type="button" class="button frame-newest" onClick={() => read(false)}>
            <Icon name="chevron-down" />
            {heldCount.value === 0 ? "Newest" : `${formatCount(heldCount.value)} newer`}
          </button>
        ) : null}
      </div>
    </section>
  );
}
