import { computed } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { samples } from "../../feed.ts";
import { formatTime } from "../../parts/format.ts";
import { FirstUse } from "./first-use.tsx";
import { ServerCard } from "./server-card.tsx";
import { TileView } from "./tile-view.tsx";
import { TILES } from "./tiles.ts";
import { pointedMs } from "./time-pointer.ts";
import "./overview.css";

/** Whether nobody has used the server yet, as far as is known. */
const isUnused = computed(() => {
  const stats = samples.value.at(-1)?.stats;
  return stats !== undefined && stats.topics === 0 && stats.total.published === 0;
});

function ShownTime() {
  const atMs = pointedMs.value;
  return <span class="muted small">{atMs === undefined ? "Last 15 minutes" : `At ${formatTime(atMs)}`}</span>;
}

/** How the server does. */
export function OverviewPage() {
  // Who leaves by key while pointing to a time does not come back to it.
  useEffect(() => {
    return () => {
      pointedMs.value = undefined;
    };
  }, []);
  return (
    <>
      <header class="page-header">
        <h1>Overview</h1>
        <ShownTime />
      </header>
      {isUnused.value ? <FirstUse /> : null}
      {TILES.map(({ title, tiles }, index) => (
        <section key={title} class="tile-group">
          <h2>{title}</h2>
          <div class="tiles">
            {tiles.map((tile) => (
              <TileView key={tile.title} tile={tile} />
            ))}
            {index === TILES.length - 1 ? <ServerCard /> : null}
          </div>
        </section>
      ))}
    </>
  );
}
