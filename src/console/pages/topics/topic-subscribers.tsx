import { useMemo, useState } from "preact/hooks";
import type { Subscriber } from "../../api.ts";
import { ownClientId, serverInfo } from "../../feed.ts";
import { formatCount } from "../../parts/format.ts";
import { Since } from "../../parts/moments.tsx";
import { Name } from "../../parts/name.tsx";
import { QueueMeter } from "../../parts/queue-meter.tsx";
import { arrange, nameOrder, nextSort, type Sort, type SortValue } from "../../parts/table-model.ts";
import { transportName } from "../../parts/transport-name.ts";
import { type Column, VirtualTable } from "../../parts/virtual-table.tsx";

interface Row extends Subscriber {
  /** Labels need not be unique. */
  readonly key: string;
}

const SORT_VALUES: Readonly<Record<string, (row: Row) => SortValue>> = {
  client: (row) => nameOrder(row.client_id),
  queue: (row) => row.queue_depth,
  dropped: (row) => row.dropped,
  since: (row) => Date.parse(row.since),
  transport: (row) => row.transport,
};
const byKey = (row: Row) => row.key;

const COLUMNS: readonly Column<Row>[] = [
  {
    id: "client",
    label: "Client id",
    isSortable: true,
    cell: ({ client_id: clientId }) => (
      <>
        <Name text={clientId} />
        {clientId === ownClientId && <span class="badge badge-accent own-badge">this console</span>}
      </>
    ),
  },
  { id: "transport", label: "Transport", isSortable: true, cell: ({ transport }) => transportName(transport) },
  {
    id: "since",
    label: "Subscribed for",
    isNumber: true,
    isSortable: true,
    cell: ({ since }) => <Since atMs={Date.parse(since)} />,
  },
  {
    id: "queue",
    label: "Queue",
    isNumber: true,
    isSortable: true,
    cell: (row) => <QueueMeter messages={row.queue_depth} maxMessages={serverInfo.value?.limits.max_queue_size} />,
  },
  {
    id: "dropped",
    label: "Dropped",
    isNumber: true,
    isSortable: true,
    cell: ({ dropped }) => <span class={dropped > 0 ? "error" : "muted"}>{formatCount(dropped)}</span>,
  },
];

/** Who is subscribed to a topic, and how they keep up. */
export function TopicSubscribers({ subscribers }: { readonly subscribers: readonly Subscriber[] }) {
  const [sort, setSort] = useState<Sort>({ column: "client", isDescending: false });
  const rows = useMemo(() => {
    const all = subscribers.map((subscriber, index) => ({ ...subscriber, key: `${subscriber.client_id} ${index}` }));
    return arrange(all, SORT_VALUES[sort.column] ?? byKey, sort.isDescending, byKey);
  }, [subscribers, sort]);
  return (
    <section class="card" aria-labelledby="subscribers">
      <div class="card-header">
        <h2 id="subscribers">Subscribers</h2>
        <span class="muted">{formatCount(rows.length)}</span>
      </div>
      {rows.length === 0 ? (
        <p class="table-none muted">Nobody is subscribed to it now.</p>
      ) : (
        <VirtualTable
          class="subscribers-table"
          label="Subscribers"
          columns={COLUMNS}
          rows={rows}
          keyOf={byKey}
          sort={sort}
          onSort={(column) => setSort(nextSort(sort, column, column === "queue" || column === "dropped"))}
        />
      )}
    </section>
  );
}
