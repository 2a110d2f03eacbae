import { useEffect, useRef } from "preact/hooks";
import { ApiError, type ClientDetails, type ClientSummary, request } from "../../api.ts";
import { type Fact, Facts } from "../../parts/facts.tsx";
import { useFocusBack } from "../../parts/focus.ts";
import { formatBytes, formatCount, formatDateTime } from "../../parts/format.ts";
import { Icon } from "../../parts/icon.tsx";
import { Since } from "../../parts/moments.tsx";
import { Name } from "../../parts/name.tsx";
import { usePoll } from "../../parts/poll.ts";
import { transportName } from "../../parts/transport-name.ts";
import { type Column, VirtualTable } from "../../parts/virtual-table.tsx";
import { go, hrefOf } from "../../router.ts";
import { ClientLabel, ClientQueue, LastPong } from "./clients-columns.tsx";

const POLL_MS = 2000;

type Subscription = ClientDetails["subscriptions"][number];

const keyOf = ({ topic }: Subscription) => topic;

const COLUMNS: readonly Column<Subscription>[] = [
  {
    id: "name",
    label: "Topic",
    cell: ({ topic }, tabIndex) => (
      <a href={hrefOf("topics", topic)} tabIndex={tabIndex}>
        <Name text={topic} />
      </a>
    ),
  },
  {
    id: "since",
    label: "For",
    isNumber: true,
    cell: ({ since }) => <Since atMs={Date.parse(since)} />,
  },
];

function ClientFacts({ client }: { readonly client: ClientDetails }) {
  const facts: readonly Fact[] = [
    ["Client id", <ClientLabel key="label" client={client} />],
    ["Key or token", <Name key="as" text={client.as} />],
    ["Address", <Name key="address" text={client.address} />],
    ["Transport", transportName(client.transport)],
    ["Connected", formatDateTime(Date.parse(client.connected_at))],
    ["Last pong", <LastPong key="pong" client={client} />],
    ["Queue", <ClientQueue key="queue" client={client} />],
    ["Waiting", formatBytes(client.queue_bytes)],
    ["Dropped", formatCount(client.dropped)],
    ["Requests", formatCount(client.requests)],
  ];
  return <Facts class="client-facts" facts={facts} />;
}

function Subscriptions({ all }: { readonly all: readonly Subscription[] }) {
  return (
    <>
      <h3 class="client-subscriptions">Subscriptions ({formatCount(all.length)})</h3>
      {all.length === 0 ? (
        <p class="muted client-none">It is subscribed to nothing.</p>
      ) : (
        <VirtualTable
          class="subscriptions-table"
          label="Subscriptions"
          columns={COLUMNS}
          rows={all}
          keyOf={keyOf}
          onOpen={({ topic }) => go("topics", topic)}
        />
      )}
    </>
  );
}

/** Follows a client until it is gone: none comes again under its number. */
function useClient(id: number) {
  const isGone = useRef(false);
  const { problem, value } = usePoll(async () => {
    if (isGone.current) throw new ApiError("NOT_FOUND", "there is no such client", 404);
    const asked = request<ClientDetails>("GET", `/clients/${id}`);
    return asked.catch((error) => {
      isGone.current = error instanceof ApiError && error.status === 404;
      throw error;
    });
  }, POLL_MS);
  return { value, isGone: problem?.status === 404 };
}

interface Props {
  readonly id: number;
  readonly onCutOff: (client: ClientSummary) => void;
  readonly onClose: () => void;
}

/** One client whole, beside the list. */
export function ClientPanel({ id, onClose, onCutOff }: Props) {
  const { isGone, value } = useClient(id);
  const heading = useRef<HTMLHeadingElement>(null);
  useFocusBack();
  // On a phone it takes the place of the list.
  useEffect(() => heading.current?.focus({ preventScroll: true }), []);
  return (
    <section class="card client-panel" aria-labelledby="client">
      <div class="card-header">
        <h2 id="client" ref={heading} tabIndex={-1}>
          Client {formatCount(id)}
        </h2>
        <div class="actions">
          {value !== undefined && !isGone && (
            <button type="button" class="button button-danger" onClick={() => onCutOff(value)}>
              Cut off
            </button>
          )}
          <button type="button" class="button button-quiet button-icon" aria-label="Close" onClick={onClose}>
            <Icon name="close" />
          </button>
        </div>
      </div>
      {isGone && (
        <p class="live-note" role="status">
          It is no longer connected.
        </p>
      )}
      {value !== undefined && (
        <>
          <ClientFacts client={value} />
          {!isGone && <Subscriptions all={value.subscriptions} />}
        </>
      )}
    </section>
  );
}
