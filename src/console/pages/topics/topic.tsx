import { useRef, useState } from "preact/hooks";
import { isSystemName } from "../../../protocol/system-topics.ts";
import { ApiError, request, type Subscriber, type TopicDetails, type TopicSummary, topicPath } from "../../api.ts";
import { Icon } from "../../parts/icon.tsx";
import { Name } from "../../parts/name.tsx";
import { usePoll } from "../../parts/poll.ts";
import { PollNotice } from "../../parts/poll-notice.tsx";
import { go, hrefOf, place } from "../../router.ts";
import { CreateTopic } from "./create-topic.tsx";
import { DeleteTopic } from "./delete-topic.tsx";
import { TopicFacts } from "./topic-facts.tsx";
import { TopicMessages } from "./topic-messages.tsx";
import { isAddressable } from "./topic-name.ts";
import { TopicStore } from "./topic-store.ts";
import { TopicSubscribers } from "./topic-subscribers.tsx";
import "./topic.css";

const POLL_MS = 2000;

/** A topic and who is subscribed to it. */
interface Seen {
  readonly details: TopicDetails;
  readonly ratePerSec: number | undefined;
  readonly subscribers: readonly Subscriber[];
}

interface SubscriberList {
  readonly subscribers: readonly Subscriber[];
}

interface TopicList {
  readonly topics: readonly TopicSummary[];
}

/**
 * Follows a topic. Once it is not there, it is looked for among all: asked for by name again and again, each 404 would be an error in
 * the browser's console.
 */
function useTopic(name: string) {
  const store = useRef(new TopicStore()).current;
  const isGone = useRef(false);
  return usePoll<Seen>(async () => {
    if (isGone.current) {
      const { topics } = await request<TopicList>("GET", "/topics");
      if (!topics.some((topic) => topic.name === name)) throw new ApiError("NOT_FOUND", "there is no such topic", 404);
    }
    try {
      const details = await request<TopicDetails>("GET", topicPath(name));
      const { subscribers } = await request<SubscriberList>("GET", topicPath(name, "/subscribers"));
      isGone.current = false;
      store.update([details], performance.now());
      return { details, subscribers, ratePerSec: store.rows[0]?.ratePerSec };
    } catch (error) {
      isGone.current = error instanceof ApiError && error.status === 404;
      throw error;
    }
  }, POLL_MS);
}

function NoTopic({ name, onCreated }: { readonly name: string; readonly onCreated: () => void }) {
  const [isCreating, setCreating] = useState(false);
  return (
    <section class="card empty">
      <h2>There is no such topic</h2>
      <p>
        It was removed, or was never created. A topic is removed when its last subscriber leaves; it is created, or
        comes back with its history, when somebody publishes or subscribes to it. If that happens, it shows here.
      </p>
      <div class="actions">
        <a class="button" href={hrefOf("topics")}>
          All topics
        </a>
        <button type="button" class="button button-primary" onClick={() => setCreating(true)}>
          Create it
        </button>
      </div>
      {isCreating && <CreateTopic name={name} onCreated={onCreated} onClose={() => setCreating(false)} />}
    </section>
  );
}

function Unreachable() {
  return (
    <section class="card empty">
      <h2>This topic is out of reach</h2>
      <p>
        Its name means something else in every URL, so REST can't show it. It works over the WebSocket, and ends with
        its last subscriber.
      </p>
      <a class="button" href={hrefOf("topics")}>
        All topics
      </a>
    </section>
  );
}

function Ended() {
  return (
    <p class="notice notice-warn page-notice" role="status">
      <Icon name="warning" />
      This topic was removed: it was deleted, or its last subscriber left. What you see is what was known last; if it
      comes back, it shows here.
    </p>
  );
}

interface HeaderProps {
  readonly name: string;
  readonly onDelete: (() => void) | undefined;
}

function Header({ name, onDelete }: HeaderProps) {
  return (
    <header class="page-header">
      <div class="topic-title">
        <a class="topic-back small" href={hrefOf("topics")}>
          <Icon name="arrow-left" />
          Topics
        </a>
        <h1>
          <Name text={name} />
        </h1>
      </div>
      <div class="actions">
        {!isSystemName(name) && (
          <a class="button" href={hrefOf("try-it", name)}>
            Publish
          </a>
        )}
        {onDelete !== undefined && (
          <button type="button" class="button button-danger" onClick={onDelete}>
            Delete
          </button>
        )}
      </div>
    </header>
  );
}

/** Goes to all topics, unless the user has left this one's page already. */
function leave(name: string): void {
  const { page, subject } = place.peek();
  if (page === "topics" && subject === name) go("topics");
}

function ReachableTopic({ name }: { readonly name: string }) {
  const { again, problem, value } = useTopic(name);
  const [isDeleting, setDeleting] = useState(false);
  const isGone = problem?.status === 404;
  const isOwn = isSystemName(name);
  return (
    <>
      <Header name={name} onDelete={value === undefined || isGone || isOwn ? undefined : () => setDeleting(true)} />
      <PollNotice problem={problem} />
      {isGone && (value === undefined ? <NoTopic name={name} onCreated={again} /> : <Ended />)}
      {value !== undefined && (
        <>
          <TopicFacts details={value.details} ratePerSec={isGone ? 0 : value.ratePerSec} />
          <TopicMessages details={value.details} isGone={isGone} />
          <TopicSubscribers subscribers={isGone ? [] : value.subscribers} />
        </>
      )}
      {isDeleting && value !== undefined && (
        <DeleteTopic
          name={name}
          subscribers={value.details.subscriber_count}
          onDeleted={() => leave(name)}
          onClose={() => setDeleting(false)}
        />
      )}
    </>
  );
}

/** One topic: its figures, its messages, who is subscribed. */
export function TopicPage({ name }: { readonly name: string }) {
  if (isAddressable(name)) return <ReachableTopic name={name} />;
  return (
    <>
      <Header name={name} onDelete={undefined} />
      <Unreachable />
    </>
  );
}
