import { samples, serverInfo } from "../../feed.ts";
import { formatBytes, formatCount, formatDateTime, formatDuration, formatThings } from "../../parts/format.ts";

const UNKNOWN = "–";

/** What runs, since when, and how much of its bounds is used. */
export function ServerCard() {
  const info = serverInfo.value;
  const stats = samples.value.at(-1)?.stats;
  const used = (now: number | undefined, most: number | undefined) =>
    now === undefined || most === undefined ? UNKNOWN : `${formatCount(now)} of ${formatCount(most)}`;
  const limits = info?.limits;
  const startedMs = info === undefined ? undefined : Date.parse(info.started_at);
  const facts = [
    ["Up", stats === undefined ? UNKNOWN : formatDuration(stats.uptime_sec * 1000)],
    ["Version", info === undefined ? UNKNOWN : `${info.version}, ${info.runtime}`],
    ["Clients", used(stats?.clients, limits?.max_connections)],
    ["Topics", used(stats?.topics, limits?.max_topics)],
    ["Topic memory", limits === undefined ? UNKNOWN : formatThings(limits.ring_buffer_size, "message")],
    [
      "History",
      stats === undefined
        ? UNKNOWN
        : `${formatBytes(stats.history_bytes)}${limits === undefined ? "" : ` of ${formatBytes(limits.max_history_bytes)}`}, ${formatCount(stats.lingering_topics)} lingering`,
    ],
    [
      "Client queue",
      limits === undefined
        ? UNKNOWN
        : `${formatThings(limits.max_queue_size, "message")}, ${formatBytes(limits.max_queue_bytes)}`,
    ],
  ] as const;
  return (
    <section class="card tile server-card" aria-label="Server">
      <header>
        <h3>Server</h3>
        <span class="muted">{startedMs === undefined ? "" : `since ${formatDateTime(startedMs).slice(0, 16)}`}</span>
      </header>
      <dl>
        {facts.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
    </section>
  );
}
