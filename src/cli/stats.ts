import { Option } from "@commander-js/extra-typings";
import { z } from "zod";
import type { ExitCode } from "./exit.ts";
import { get } from "./http.ts";
import { untilInterrupted } from "./interruption.ts";
import { duration, serverVerb } from "./options.ts";
import { counted, print, styled, table } from "./output.ts";
import { type ServerOptions, targetOf } from "./target.ts";

const statsSchema = z.looseObject({
  uptime: z.string(),
  total_clients: z.number(),
  active_topics: z.number(),
  total_topics: z.number(),
  total_messages: z.number(),
  delivered_messages: z.number(),
  dropped_messages: z.number(),
  slow_consumers: z.number(),
  queued_messages: z.number(),
  queued_bytes: z.number(),
  longest_queue: z.number(),
  published_per_sec: z.number(),
  delivered_per_sec: z.number(),
  internal_errors: z.number(),
  memory_bytes: z.number().optional(),
  topics: z.record(z.string(), z.looseObject({ message_count: z.number(), subscriber_count: z.number() })),
});
type Stats = z.infer<typeof statsSchema>;

/** As many topics as fit a screen, those with the most messages. */
const MAX_TOPICS_SHOWN = 20;
/** Back to the top, and nothing below. */
const CLEAR = "\u001b[H\u001b[J";

export function statsCommand() {
  return serverVerb("stats")
    .option("--watch", "go on until Ctrl-C")
    .addOption(
      new Option("--interval <duration>", "how often with --watch")
        .argParser(duration(100, 3_600_000))
        .default(1000, "1s"),
    )
    .option("--json", "print the server's answer, on one line")
    .action(async (options) => {
      const exitCode = await stats(options);
      if (exitCode !== undefined) process.exitCode = exitCode;
    });
}

interface StatsOptions extends ServerOptions {
  readonly watch?: boolean | undefined;
  readonly interval: number;
  readonly json?: boolean | undefined;
}

function overview(stats: Stats): string {
  const rows = [
    ["clients", stats.total_clients, "published/s", stats.published_per_sec],
    ["topics", stats.active_topics, "delivered/s", stats.delivered_per_sec],
    ["published", stats.total_messages, "queued", stats.queued_messages],
    ["delivered", stats.delivered_messages, "queued bytes", stats.queued_bytes],
    ["dropped", stats.dropped_messages, "longest queue", stats.longest_queue],
    ["slow consumers", stats.slow_consumers, "memory, MiB", (stats.memory_bytes ?? Number.NaN) / 1024 ** 2],
  ];
  const faults =
    stats.internal_errors === 0 ? "" : `, ${styled("red", counted(stats.internal_errors, "internal error"))}`;
  return table([[`up ${stats.uptime}${faults}`], ...rows]);
}

function topTopics({ topics }: Stats): string {
  const all = Object.entries(topics).sort(([, a], [, b]) => b.message_count - a.message_count);
  const rows = all
    .slice(0, MAX_TOPICS_SHOWN)
    .map(([name, topic]) => [name, topic.message_count, topic.subscriber_count]);
  const more = all.length > rows.length ? [`and ${counted(all.length - rows.length, "more topic")}`] : [];
  return [table([["TOPIC", "MESSAGES", "SUBSCRIBERS"], ...rows]), ...more].join("\n");
}

function render(stats: Stats): string {
  return Object.keys(stats.topics).length > 0 ? `${overview(stats)}\n\n${topTopics(stats)}` : overview(stats);
}

async function stats({ interval, json, watch, ...server }: StatsOptions): Promise<ExitCode | undefined> {
  const target = targetOf(server);
  const show = async (before: string) => {
    const current = await get(target, "/stats", statsSchema);
    await print(json ? JSON.stringify(current) : before + render(current));
  };
  if (!watch) {
    await show("");
    return undefined;
  }
  const interrupted = untilInterrupted();
  for (let isFirst = true; ; isFirst = false) {
    const between = isFirst ? "" : "\n";
    const shown = show(process.stdout.isTTY ? CLEAR : between);
    const exitCode = (await Promise.race([interrupted, shown])) ?? (await Promise.race([interrupted, pause(interval)]));
    if (exitCode === undefined) continue;
    shown.catch(() => {});
    return exitCode;
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
