import { useEffect, useMemo, useState } from "preact/hooks";
import { type ClientPage, type ClientSummary, request } from "../../api.ts";
import { ownClientId } from "../../feed.ts";
import { formatCount, formatThings } from "../../parts/format.ts";
import { usePoll } from "../../parts/poll.ts";
import { PollNotice } from "../../parts/poll-notice.tsx";
import { SearchField } from "../../parts/search-field.tsx";
import { arrange, nextSort, type Sort } from "../../parts/table-model.ts";
import { VirtualTable } from "../../parts/virtual-table.tsx";
import { hrefOf, place } from "../../router.ts";
import { ClientPanel } from "./client-panel.tsx";
import { CLIENT_COLUMNS, CLIENT_SORT_VALUES } from "./clients-columns.tsx";
import { CutOff } from "./cut-off.tsx";
import "./clients.css";

const POLL_MS = 2000;
/** As many as are asked for; more would make each poll slow for the server and for the page. */
const LIMIT = 1000;

const byId = ({ id }: ClientSummary) => id;
const keyOf = ({ id }: ClientSummary) => String(id);

/** Whether it is the connection of this page. */
function isOwn({ client_ids: clientIds }: ClientSummary): boolean {
  return clientIds.includes(ownClientId);
}

function matcher(query: string): (client: ClientSummary) => boolean {
  const needle = query.toLowerCase();
  return ({ address, as, client_ids: clientIds, id }) =>
    needle === String(id) || [address, as, ...clientIds].some((text) => text.toLowerCase().includes(needle));
}

/** A client by the number in the address, if there is one there. */
function useChosen() {
  const { subject } = place.value;
  const [chosen, setChosen] = useState<number>();
  useEffect(() => {
    const id = Number(subject);
    setChosen(Number.isSafeInteger(id) && id > 0 ? id : undefined);
  }, [subject]);
  return [chosen, setChosen] as const;
}

function OnlyThisConsole() {
  return (
    <section class="card empty only-console">
      <h2>Only this console is connected</h2>
      <p>
        Everyone who opens a WebSocket or an event stream shows here: who it is, what it is subscribed to, and whether
        it keeps up. The overview says how to connect the first one.
      </p>
      <div class="actions">
        <a class="button" href={hrefOf("overview")}>
          Overview
        </a>
        <a class="button button-primary" href={hrefOf("try-it")}>
          Try it here
        </a>
      </div>
    </section>
  );
}

function Count({ page, shown }: { readonly page: ClientPage; readonly shown: number }) {
  const { clients, total } = page;
  const all = clients.length < total ? `the first ${formatCount(clients.length)} of ${formatCount(total)}` : undefined;
  return (
    <span class="muted end" role="status">
      {shown < clients.length && `${formatCount(shown)} of `}
      {all ?? formatThings(total, "client")}
    </span>
  );
}

/** Who is connected, and how they keep up. */
export function ClientsPage() {
  const { again, problem, value } = usePoll(() => request<ClientPage>("GET", `/clients?limit=${LIMIT}`), POLL_MS);
  const [query, setQuery] = useState("");
  const [sort, setSort] = useState<Sort>({ column: "id", isDescending: false });
  const [chosen, setChosen] = useChosen();
  const [doomed, setDoomed] = useState<ClientSummary>();
  const clients = value?.clients ?? [];
  const rows = useMemo(
    () => arrange(clients.filter(matcher(query)), CLIENT_SORT_VALUES[sort.column] ?? byId, sort.isDescending, byId),
    [clients, query, sort],
  );

  return (
    <>
      <header class="page-header">
        <h1>Clients</h1>
      </header>
      <PollNotice problem={problem} />
      {value !== undefined && (
        <div class="clients-split" data-open={chosen !== undefined}>
          <div class="clients-list">
            <div class="toolbar">
              <SearchField label="Search by client id, key, address or number" value={query} onInput={setQuery} />
              <Count page={value} shown={rows.length} />
            </div>
            <div class="card">
              <VirtualTable
                class="clients-table"
                label="Clients"
                columns={CLIENT_COLUMNS}
                rows={rows}
                keyOf={keyOf}
                sort={sort}
                selected={chosen === undefined ? undefined : String(chosen)}
                onSort={(column) =>
                  setSort(nextSort(sort, column, !["id", "client", "as", "address"].includes(column)))
                }
                onOpen={({ id }) => setChosen(id)}
              />
              {rows.length === 0 && <p class="table-none muted">No client has this in its ids, key or address.</p>}
            </div>
            {clients.every(isOwn) && value.total <= 1 && <OnlyThisConsole />}
          </div>
          {chosen !== undefined && (
            <ClientPanel key={chosen} id={chosen} onCutOff={setDoomed} onClose={() => setChosen(undefined)} />
          )}
        </div>
      )}
      {doomed !== undefined && (
        <CutOff client={doomed} isOwn={isOwn(doomed)} onCutOff={again} onClose={() => setDoomed(undefined)} />
      )}
    </>
  );
}
