import type { ClientSummary } from "../../api.ts";
import { ownClientId, serverInfo } from "../../feed.ts";
import { formatCompact, formatCount } from "../../parts/format.ts";
import { Ago, Since } from "../../parts/moments.tsx";
import { Name } from "../../parts/name.tsx";
import { QueueMeter } from "../../parts/queue-meter.tsx";
import { nameOrder, type SortValue } from "../../parts/table-model.ts";
import { transportName } from "../../parts/transport-name.ts";
import type { Column } from "../../parts/virtual-table.tsx";

function pongMs({ last_pong_at: at }: ClientSummary): number | undefined {
  return at === undefined ? undefined : Date.parse(at);
}

/** What each column of the clients is sorted by. */
export const CLIENT_SORT_VALUES: Readonly<Record<string, (client: ClientSummary) => SortValue>> = {
  id: ({ id }) => id,
  client: ({ client_ids: [first] }) => (first === undefined ? undefined : nameOrder(first)),
  as: ({ as }) => nameOrder(as),
  address: ({ address }) => nameOrder(address),
  transport: ({ transport }) => transport,
  since: ({ connected_at: at }) => -Date.parse(at),
  subscriptions: (client) => client.subscription_count,
  queue: (client) => client.queue_depth,
  dropped: ({ dropped }) => dropped,
  requests: ({ requests }) => requests,
  pong: pongMs,
};

/** What a client's subscriptions are labelled, and whether it is this page. */
export function ClientLabel({ client }: { readonly client: ClientSummary }) {
  const { client_ids: clientIds } = client;
  const [first, ...others] = clientIds;
  const isOwn = clientIds.includes(ownClientId);
  return (
    <>
      {isOwn && <span class="badge badge-accent">this console</span>}
      {!isOwn && first === undefined && <span class="muted">no subscription</span>}
      {!isOwn && first !== undefined && <Name text={first} />}
      {!isOwn && others.length > 0 && <span class="muted"> and {others.length} more</span>}
    </>
  );
}

/** What waits for a client, against its bounds. */
export function ClientQueue({ client }: { readonly client: ClientSummary }) {
  const limits = serverInfo.value?.limits;
  const bytesShare = limits === undefined ? 0 : client.queue_bytes / limits.max_queue_bytes;
  return <QueueMeter messages={client.queue_depth} maxMessages={limits?.max_queue_size} bytesShare={bytesShare} />;
}

/** When a client last showed that it is alive. */
export function LastPong({ client }: { readonly client: ClientSummary }) {
  const atMs = pongMs(client);
  return atMs === undefined ? <span class="muted">none yet</span> : <Ago atMs={atMs} />;
}

const text = { isSortable: true };
const number = { isSortable: true, isNumber: true };

/** The columns of the clients. */
export const CLIENT_COLUMNS: readonly Column<ClientSummary>[] = [
  { id: "id", label: "No.", ...number, cell: ({ id }) => formatCount(id) },
  { id: "client", label: "Client id", ...text, cell: (client) => <ClientLabel client={client} /> },
  { id: "as", label: "Key or token", ...text, cell: ({ as }) => <Name text={as} /> },
  { id: "address", label: "Address", ...text, cell: ({ address }) => <Name text={address} /> },
  { id: "transport", label: "Transport", ...text, cell: ({ transport }) => transportName(transport) },
  {
    id: "since",
    label: "Connected",
    ...number,
    cell: ({ connected_at: at }) => <Since atMs={Date.parse(at)} />,
  },
  { id: "subscriptions", label: "Topics", ...number, cell: (client) => formatCount(client.subscription_count) },
  { id: "queue", label: "Queue", ...number, cell: (client) => <ClientQueue client={client} /> },
  {
    id: "dropped",
    label: "Dropped",
    ...number,
    cell: ({ dropped }) => <span class={dropped > 0 ? "error" : "muted"}>{formatCompact(dropped)}</span>,
  },
  { id: "requests", label: "Requests", ...number, cell: ({ requests }) => formatCompact(requests) },
  { id: "pong", label: "Last pong", ...number, cell: (client) => <LastPong client={client} /> },
];
