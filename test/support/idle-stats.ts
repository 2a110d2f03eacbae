import type { SystemStats } from "../../src/protocol/system.ts";

const NOTHING = {
  published: 0,
  delivered: 0,
  dropped: 0,
  slow_consumers: 0,
  received_bytes: 0,
  sent_bytes: 0,
  errors: 0,
};

/** What a server tells of itself where nobody does anything. */
export const IDLE_STATS: SystemStats = {
  uptime_sec: 0,
  clients: 0,
  event_streams: 0,
  http_sessions: 0,
  topics: 0,
  active_topics: 0,
  subscriptions: 0,
  lingering_topics: 0,
  log_bytes: 0,
  history_bytes: 0,
  queued_messages: 0,
  queued_bytes: 0,
  longest_queue: 0,
  event_loop_delay_ms: 0,
  cpu_percent: 0,
  memory_bytes: 0,
  total: NOTHING,
  per_sec: NOTHING,
};
