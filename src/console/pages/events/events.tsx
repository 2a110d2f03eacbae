import { useSignal } from "@preact/signals";
import { happenings } from "../../feed.ts";
import type { Told } from "../../history.ts";
import { formatCount, formatThings } from "../../parts/format.ts";
import { PauseButton } from "../../parts/pause-button.tsx";
import { VirtualTable } from "../../parts/virtual-table.tsx";
import { EVENT_COLUMNS } from "./events-columns.tsx";
import { choose, type Wanted } from "./events-filter.ts";
import { FilterBar } from "./filter-bar.tsx";
import "./events.css";

const ANYTHING: Wanted = { level: undefined, code: undefined, text: "" };

function NoneYet() {
  return (
    <div class="empty">
      <h2>Nothing has happened yet</h2>
      <p>
        Here you see what an operator should know of, as it happens: refused requests, clients that do not keep up and
        what they lose, topics that are deleted, clients that are cut off, the server's start and end.
      </p>
    </div>
  );
}

/** How many have come since a list was what it is; those that have gone at its end count, too. */
function countSince(now: readonly Told[], then: readonly Told[]): number {
  const first = then[0]?.id;
  const index = now.findIndex(({ id }) => id === first);
  return index === -1 ? now.length : index;
}

/** What has happened, newest first. */
export function EventsPage() {
  const wanted = useSignal(ANYTHING);
  const paused = useSignal<readonly Told[] | undefined>(undefined);
  const list = paused.value ?? happenings.value;
  const chosen = choose(list, wanted.value);
  const waiting = paused.value === undefined ? 0 : countSince(happenings.value, paused.value);
  const toggle = () => {
    paused.value = paused.value === undefined ? happenings.value : undefined;
  };
  return (
    <>
      <header class="page-header">
        <h1>Events</h1>
        <div class="actions">
          <PauseButton isPaused={paused.value !== undefined} waiting={waiting} onToggle={toggle} />
        </div>
      </header>
      <div class="toolbar">
        <FilterBar list={list} wanted={wanted} />
        <span class="muted small end">
          {chosen.length === list.length ? "" : `${formatCount(chosen.length)} of `}
          {formatThings(list.length, "event")}
        </span>
      </div>
      <div class="card">
        {list.length === 0 ? <NoneYet /> : null}
        {list.length > 0 && chosen.length === 0 ? (
          <div class="empty">
            <p>None of {formatThings(list.length, "event")} is like that.</p>
            <button
              type="button"
              class="button"
              onClick={() => {
                wanted.value = ANYTHING;
              }}
            >
              Show all
            </button>
          </div>
        ) : null}
        {chosen.length > 0 && (
          <VirtualTable
            class="events-table"
            label="Events"
            columns={EVENT_COLUMNS}
            rows={chosen}
            keyOf={({ id }) => id}
          />
        )}
      </div>
    </>
  );
}
