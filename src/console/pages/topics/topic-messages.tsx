import { useEffect, useRef, useState } from "preact/hooks";
import type { Position } from "../../../client/index.ts";
import { isSystemName } from "../../../protocol/system-topics.ts";
import { requestText, type TopicDetails, topicPath } from "../../api.ts";
import { client, serverInfo } from "../../feed.ts";
import { formatCount, formatDateTime, formatTime } from "../../parts/format.ts";
import { Icon } from "../../parts/icon.tsx";
import { JsonLine } from "../../parts/json-view.tsx";
import { Name } from "../../parts/name.tsx";
import { PauseButton } from "../../parts/pause-button.tsx";
import { type Column, VirtualTable } from "../../parts/virtual-table.tsx";
import { hrefOf } from "../../router.ts";
import { gapText } from "./gap-text.ts";
import { type Held, heldMessages } from "./held-messages.ts";
import { MessageDetails } from "./message-details.tsx";
import { type LogEntry, MessageLog } from "./message-log.ts";
import { useTail } from "./tail.ts";
import { heldAfter, isHeld } from "./topic-offsets.ts";

/** Asked for first: if these are large, there are no more. */
const FEW = 10;
const MANY = 100;
const MANY_CHARS = 1_000_000;
const LINE_CHARS = 160;

const keyOf = (entry: LogEntry) => entry.key;

const COLUMNS: readonly Column<LogEntry>[] = [
  {
    id: "offset",
    label: "Offset",
    isNumber: true,
    cell: (entry) => (entry.kind === "gap" ? "–" : formatCount(entry.message.offset)),
  },
  {
    id: "time",
    label: "Time",
    cell: (entry) => {
      if (entry.kind === "gap") return "";
      const atMs = Date.parse(entry.message.ts);
      return <span title={formatDateTime(atMs)}>{formatTime(atMs)}</span>;
    },
  },
  { id: "id", label: "Id", cell: (entry) => (entry.kind === "gap" ? "" : <Name text={entry.message.id} />) },
  {
    id: "payload",
    label: "Payload",
    cell: (entry) =>
      entry.kind === "gap" ? (
        <span class="gap-text">{gapText(entry.gap)}</span>
      ) : (
        <JsonLine text={entry.message.payload.slice(0, LINE_CHARS + 1)} maxChars={LINE_CHARS} />
      ),
  },
];

async function fetchHeld(name: string): Promise<Held> {
  const size = serverInfo.value?.limits.ring_buffer_size ?? FEW;
  const ask = (count: number) => requestText("GET", topicPath(name, `/messages?last_n=${Math.min(count, size)}`));
  const few = await ask(FEW);
  if (few.length > MANY_CHARS || size <= FEW) return heldMessages(few);
  return heldMessages(await ask(MANY));
}

/** A topic's last messages, in a log that can be brought up to date, and whether that did not work. */
function useHeld(name: string, log: MessageLog) {
  const [isLoaded, setLoaded] = useState(false);
  const [isLoading, setLoading] = useState(true);
  const [version, setVersion] = useState(0);
  const [problem, setProblem] = useState("");
  const load = async () => {
    setLoading(true);
    try {
      log.replace((await fetchHeld(name)).messages);
      setProblem("");
    } catch (error) {
      setProblem(error instanceof Error ? error.message : String(error));
    }
    setLoaded(true);
    setLoading(false);
    setVersion((last) => last + 1);
  };
  const firstLoad = useRef(load);
  // How much may be asked for, the server says on another way.
  const isSizeKnown = serverInfo.value !== undefined;
  useEffect(() => {
    if (isSizeKnown) void firstLoad.current();
  }, [isSizeKnown]);
  return { isLoaded, isLoading, load, problem, version };
}

/** Why there is nothing to show; the server's own topics hold messages also where others hold none. */
function noneText(name: string, isLive: boolean): string {
  if (isLive) return "Nothing has come yet.";
  return serverInfo.value?.limits.ring_buffer_size === 0 && !isSystemName(name)
    ? "This server keeps no messages: follow live to see what comes."
    : "It holds no messages yet.";
}

interface Props {
  readonly details: TopicDetails;
  readonly isGone: boolean;
}

/** What a topic holds, newest first, and what comes from now on. */
export function TopicMessages({ details, isGone }: Props) {
  const { name } = details;
  const log = useRef(new MessageLog()).current;
  const { isLoaded, isLoading, load, problem } = useHeld(name, log);
  const [beginning, setBeginning] = useState<Position>();
  const [, setTouched] = useState(0);
  const [selected, setSelected] = useState<LogEntry>();
  const { end } = useTail(client.value, name, log, beginning);
  const isLive = beginning !== undefined && end === undefined;
  const entries = log.entries;
  const shown = selected ?? entries.find(({ kind }) => kind === "message");
  const newer = isLive || isLoading ? 0 : heldAfter(log.newest, details);

  const start = () => setBeginning({ epoch: details.epoch, offset: details.newest_offset });
  const stop = () => {
    if (log.isPaused) log.resume();
    setBeginning(undefined);
  };
  const showNewer = () => {
    stop();
    void load();
  };
  const pauseOrResume = () => {
    if (log.isPaused) log.resume();
    else log.pause();
    setTouched((last) => last + 1);
  };

  return (
    <section class="card" aria-labelledby="messages">
      <div class="card-header">
        <h2 id="messages">
          Messages
          {isLive && (
            <span class={`badge live-badge ${log.isPaused ? "badge-warn" : "badge-good"}`}>
              {log.isPaused ? "paused" : "live"}
            </span>
          )}
        </h2>
        <div class="actions">
          {newer > 0 && !isGone && (
            <button type="button" class="button button-quiet" onClick={showNewer}>
              Show {formatCount(newer)} newer
            </button>
          )}
          {isLive && <PauseButton isPaused={log.isPaused} waiting={log.waiting} onToggle={pauseOrResume} />}
          {isLive ? (
            <button type="button" class="button" onClick={stop}>
              Stop
            </button>
          ) : (
            !isGone && (
              <button type="button" class="button" disabled={isLoading} onClick={start}>
                <Icon name="play" />
                Follow live
              </button>
            )
          )}
        </div>
      </div>
      {isLive && details.subscriber_count <= 1 && !isSystemName(name) && (
        <p class="live-note small">
          Following is a subscription, and now the only one: when you stop or leave this page, the topic ends with what
          it remembers.
        </p>
      )}
      {end !== undefined && beginning !== undefined && !isGone && (
        <p class="live-note small error">The server ended it: {end}.</p>
      )}
      {problem !== "" && <p class="live-note small error">The messages did not come: {problem}.</p>}
      {isLoaded && problem === "" && entries.length === 0 && (
        <div class="empty">
          <p>
            {noneText(name, isLive)} {!isSystemName(name) && <a href={hrefOf("try-it", name)}>Publish one</a>}
          </p>
        </div>
      )}
      {entries.length > 0 && (
        <div class="messages-split">
          <VirtualTable
            class="messages-table"
            label="Messages, newest first"
            columns={COLUMNS}
            rows={entries}
            keyOf={keyOf}
            selected={shown?.key}
            onOpen={setSelected}
            onMove={setSelected}
          />
          {shown?.kind === "message" && (
            <MessageDetails
              key={shown.key}
              topic={name}
              message={shown.message}
              isHeld={isHeld(shown.message, details)}
              isFollowing={selected === undefined}
              onFollow={isLive ? () => setSelected(undefined) : undefined}
            />
          )}
          {shown?.kind === "gap" && <p class="message-details muted">{gapText(shown.gap)}</p>}
        </div>
      )}
    </section>
  );
}
