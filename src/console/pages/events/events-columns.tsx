import type { Told } from "../../history.ts";
import { formatCount, formatDateTime, formatTime } from "../../parts/format.ts";
import { Name } from "../../parts/name.tsx";
import type { Column } from "../../parts/virtual-table.tsx";
import { hrefOf } from "../../router.ts";

const BADGES = { info: "", warning: "badge-warn", error: "badge-bad" } as const;

/** The columns of the events. */
export const EVENT_COLUMNS: readonly Column<Told>[] = [
  {
    id: "time",
    label: "Time",
    cell: ({ atMs }) => (
      <time class="muted" dateTime={new Date(atMs).toISOString()} title={formatDateTime(atMs)}>
        {formatTime(atMs)}
      </time>
    ),
  },
  {
    id: "level",
    label: "Level",
    cell: ({ happening: { level } }) => <span class={`badge ${BADGES[level]}`}>{level}</span>,
  },
  {
    id: "code",
    label: "Code",
    cell: ({ happening: { code, count } }) => (
      <>
        <span class="mono">{code}</span>
        {count > 1 && <span class="badge event-count">×{formatCount(count)}</span>}
      </>
    ),
  },
  {
    id: "message",
    label: "What happened",
    cell: ({ happening: { message } }) => <Name text={message} />,
  },
  {
    id: "topic",
    label: "Topic",
    cell: ({ happening: { topic } }, tabIndex) =>
      topic !== undefined && (
        <a href={hrefOf("topics", topic)} tabIndex={tabIndex}>
          <Name text={topic} />
        </a>
      ),
  },
  {
    id: "client",
    label: "Client",
    cell: ({ happening: { client, address } }, tabIndex) => (
      <>
        {client !== undefined && (
          <a href={hrefOf("clients", String(client))} tabIndex={tabIndex}>
            no. {formatCount(client)}
          </a>
        )}{" "}
        {address !== undefined && <span class="muted">{address}</span>}
      </>
    ),
  },
];
