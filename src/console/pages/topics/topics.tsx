import { useMemo, useRef, useState } from "preact/hooks";
import { request, type TopicSummary } from "../../api.ts";
import { serverInfo } from "../../feed.ts";
import { formatCount, formatThings } from "../../parts/format.ts";
import { Icon } from "../../parts/icon.tsx";
import { Since } from "../../parts/moments.tsx";
import { Name } from "../../parts/name.tsx";
import { usePoll } from "../../parts/poll.ts";
import { PollNotice } from "../../parts/poll-notice.tsx";
import { SearchField } from "../../parts/search-field.tsx";
import { arrange, nextSort, type Sort, type SortValue } from "../../parts/table-model.ts";
import { type Column, VirtualTable } from "../../parts/virtual-table.tsx";
import { go, hrefOf } from "../../router.ts";
import { CreateTopic } from "./create-topic.tsx";
import { DeleteTopic } from "./delete-topic.tsx";
import { useKept } from "./kept.ts";
import { rateText } from "./rate-text.ts";
import { RingFill } from "./ring-fill.tsx";
import { isAddressable } from "./topic-name.ts";
import { type TopicRow, TopicStore } from "./topic-store.ts";
import "./topics.css";

const POLL_MS = 2000;

/** What each column is sorted by; all but the name begin with the largest. */
const SORT_VALUES: Readonly<Record<string, (row: TopicRow) => SortValue>> = {
  name: ({ order }) => order,
  rate: ({ ratePerSec }) => ratePerSec,
  messages: ({ messages }) => messages,
  subscribers: ({ subscribers }) => subscribers,
  // The fill is the same order up to the ring's size, and a better one beyond.
  ring: ({ messages }) => messages,
  age: ({ createdAtMs }) => -createdAtMs,
};

const byName = (row: TopicRow) => row.order;
const keyOf = (row: TopicRow) => row.name;

function columns(askDelete: (topic: TopicRow) => void): readonly Column<TopicRow>[] {
  const number = { isNumber: true, isSortable: true };
  return [
    {
      id: "name",
      label: "Name",
      isSortable: true,
      cell: ({ name }, tabIndex) => (
        <a href={hrefOf("topics", name)} tabIndex={tabIndex}>
          <Name text={name} />
        </a>
      ),
    },
    {
      id: "rate",
      label: "Messages/s",
      ...number,
      cell: ({ ratePerSec }) => rateText(ratePerSec),
    },
    { id: "subscribers", label: "Subscribers", ...number, cell: ({ subscribers }) => formatCount(subscribers) },
    { id: "messages", label: "Messages", ...number, cell: ({ messages }) => formatCount(messages) },
    { id: "ring", label: "Ring fill", ...number, cell: ({ messages }) => <RingFill messages={messages} /> },
    {
      id: "age",
      label: "Age",
      ...number,
      cell: ({ createdAtMs }) => <Since atMs={createdAtMs} />,
    },
    {
      id: "actions",
      label: "",
      cell: (topic, tabIndex) =>
        isAddressable(topic.name) && (
          <button
            type="button"
            class="button button-quiet button-icon row-action"
            tabIndex={tabIndex}
            aria-label={`Delete ${topic.name}`}
            title="Delete"
            onClick={() => askDelete(topic)}
          ></button>
        ),
    },
  ];
}

function NoTopics({ onCreate }: { readonly onCreate: () => void }) {
  const remembered = serverInfo.value?.limits.ring_buffer_size ?? 0;
  return (
    <section class="card empty">
      <h2>No topics yet</h2>
      <p>
        A topic is a name that messages are published to. Whoever is subscribed to it gets each of them
        {remembered > 0 && `, and it remembers the last ${formatCount(remembered)} for those who come later`}.
      </p>
      <p>A topic begins by itself when somebody first publishes or subscribes to it; or create one now.</p>
      <div class="actions">
        <a class="button" href={hrefOf("try-it")}>
          Publish a message
        </a>
        <button type="button" class="button button-primary" onClick={onCreate}>
          <Icon name="plus" />
          Create topic
        </button>
      </div>
    </section>
  );
}

/** The rows that are searched for, in order; sorted anew only when what they are sorted by may have changed. */
function useArranged(store: TopicStore, query: string, sort: Sort): readonly TopicRow[] {
  const isLasting = sort.column === "name" || sort.column === "age";
  const version = isLasting ? store.membership : store.version;
  const ordered = useKept([version, sort], () =>
    arrange(store.rows, SORT_VALUES[sort.column] ?? byName, sort.isDescending, byName),
  );
  const needle = query.toLowerCase();
  return useKept([ordered, needle], () => ordered.filter(({ lowerName }) => lowerName.includes(needle)));
}

/** All topics, and how busy they are. */
export function TopicsPage() {
  const store = useRef(new TopicStore()).current;
  const { again, problem, value } = usePoll(async () => {
    const { topics } = await request<{ readonly topics: readonly TopicSummary[] }>("GET", "/topics");
    store.update(topics, performance.now());
    return store.version;
  }, POLL_MS);
  const [query, setQuery] = useState("");
  const [sort, setSort] = useState<Sort>({ column: "name", isDescending: false });
  const [isCreating, setCreating] = useState(false);
  const [doomed, setDoomed] = useState<TopicRow>();
  const rows = useArranged(store, query, sort);
  const shown = useMemo(() => columns(setDoomed), []);
  const total = store.rows.length;
  const isEmpty = value !== undefined && total === 0;

  return (
    <>
      <header class="page-header">
        <h1>Topics</h1>
        {!isEmpty && (
          <button type="button" class="button button-primary" onClick={() => setCreating(true)}>
            <Icon name="plus" />
            Create topic
          </button>
        )}
      </header>
      <PollNotice problem={problem} />
      {isEmpty && <NoTopics onCreate={() => setCreating(true)} />}
      {total > 0 && (
        <>
          <div class="toolbar">
            <SearchField label="Search topics" value={query} onInput={setQuery} />
            <span class="muted end" role="status">
              {query === "" ? formatThings(total, "topic") : `${formatCount(rows.length)} of ${formatCount(total)}`}
            </span>
          </div>
          <div class="card">
            <VirtualTable
              class="topics-table"
              label="Topics"
              columns={shown}
              rows={rows}
              keyOf={keyOf}
              sort={sort}
              onSort={(column) => setSort(nextSort(sort, column, column !== "name"))}
              onOpen={({ name }) => go("topics", name)}
            />
            {rows.length === 0 && <p class="table-none muted">No topic has this in its name.</p>}
          </div>
        </>
      )}
      {isCreating && <CreateTopic onCreated={again} onClose={() => setCreating(false)} />}
      {doomed !== undefined && (
        <DeleteTopic
          name={doomed.name}
          subscribers={doomed.subscribers}
          onDeleted={again}
          onClose={() => setDoomed(undefined)}
        />
      )}
    </>
  );
}
