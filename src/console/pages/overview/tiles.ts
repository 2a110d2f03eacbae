import type { SystemStats } from "../../../protocol/system.ts";
import {
  formatByteRate,
  formatBytes,
  formatCompact,
  formatCount,
  formatMillis,
  formatPercent,
  formatRate,
} from "../../parts/format.ts";
import type { Base, Line } from "./series.ts";

/** A tile of the overview: numbers of one kind, and how they went. */
export interface Tile {
  readonly title: string;
  readonly lines: readonly Line[];
  /** How its numbers are written, and how where there is little room. */
  readonly format: (value: number) => string;
  readonly formatTick: (value: number) => string;
  readonly base: Base;
  /** The scale reaches at least up to here. */
  readonly atLeast: number;
  /** A number that is not drawn. */
  readonly total?: Line;
}

const rates = { format: formatRate, formatTick: formatCompact, base: 10, atLeast: 1 } as const;
const counts = { format: formatCount, formatTick: formatCompact, base: 10, atLeast: 4 } as const;
const byteRates = { format: formatByteRate, formatTick: formatBytes, base: 1024, atLeast: 1024 } as const;

function webSockets({ clients, event_streams: eventStreams, http_sessions: httpSessions }: SystemStats): number {
  return clients - eventStreams - httpSessions;
}

/** What the tiles show, in groups. */
export const TILES: readonly { readonly title: string; readonly tiles: readonly Tile[] }[] = [
  {
    title: "Traffic",
    tiles: [
      {
        title: "Messages",
        ...rates,
        lines: [
          { label: "delivered", of: (stats) => stats.per_sec.delivered },
          { label: "published", of: (stats) => stats.per_sec.published },
        ],
      },
      {
        title: "Bytes",
        ...byteRates,
        lines: [
          { label: "sent", of: (stats) => stats.per_sec.sent_bytes },
          { label: "received", of: (stats) => stats.per_sec.received_bytes },
        ],
      },
      {
        title: "Clients",
        ...counts,
        lines: [
          { label: "WebSockets", of: webSockets },
          { label: "event streams", of: (stats) => stats.event_streams },
          { label: "HTTP sessions", of: (stats) => stats.http_sessions },
        ],
      },
      {
        title: "Topics",
        ...counts,
        lines: [
          { label: "topics", of: (stats) => stats.topics },
          { label: "subscriptions", of: (stats) => stats.subscriptions },
        ],
      },
    ],
  },
  {
    title: "Delivery",
    tiles: [
      {
        title: "Waiting messages",
        ...counts,
        lines: [
          { label: "longest queue", of: (stats) => stats.longest_queue },
          { label: "all queues", of: (stats) => stats.queued_messages },
        ],
      },
      {
        title: "Dropped messages",
        ...rates,
        lines: [{ label: "dropped", of: (stats) => stats.per_sec.dropped }],
        total: { label: "since the start", of: (stats) => stats.total.dropped },
      },
      {
        title: "Slow consumers",
        ...rates,
        lines: [{ label: "cut off", of: (stats) => stats.per_sec.slow_consumers }],
        total: { label: "since the start", of: (stats) => stats.total.slow_consumers },
      },
      {
        title: "Errors",
        ...rates,
        lines: [{ label: "told to clients", of: (stats) => stats.per_sec.errors }],
        total: { label: "since the start", of: (stats) => stats.total.errors },
      },
    ],
  },
  {
    title: "Process",
    tiles: [
      {
        title: "Event-loop delay",
        format: formatMillis,
        formatTick: formatMillis,
        base: 10,
        atLeast: 10,
        lines: [{ label: "longest in a second", of: (stats) => stats.event_loop_delay_ms }],
      },
      {
        title: "CPU",
        format: formatPercent,
        formatTick: formatPercent,
        base: 10,
        atLeast: 100,
        lines: [{ label: "of one core", of: (stats) => stats.cpu_percent }],
      },
      {
        title: "Memory",
        format: formatBytes,
        formatTick: formatBytes,
        base: 1024,
        atLeast: 64 * 1024 ** 2,
        lines: [{ label: "resident", of: (stats) => stats.memory_bytes ?? Number.NaN }],
      },
    ],
  },
];
