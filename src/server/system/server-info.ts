import type { Config } from "../../config/options.ts";
import type { ServerInfo } from "../../protocol/system.ts";
import { RUNTIME } from "../runtime.ts";

/** Bounds whose options may leave them to the server. */
export type ComputedLimits = Pick<Config, "maxConnections" | "maxHistoryBytes">;

/** What the server reports of itself on `$sys/server`. */
export function serverInfo(
  config: Config,
  { maxConnections, maxHistoryBytes }: ComputedLimits,
  version: string,
): ServerInfo {
  return {
    version,
    runtime: RUNTIME,
    started_at: new Date().toISOString(),
    trace: config.trace,
    limits: {
      max_connections: maxConnections,
      max_topics: config.maxTopics,
      max_subscriptions: config.maxSubscriptions,
      max_message_size: config.maxMessageSize,
      max_queue_size: config.maxQueueSize,
      max_queue_bytes: config.maxQueueBytes,
      ring_buffer_size: config.ringBufferSize,
      max_history_bytes: maxHistoryBytes,
    },
  };
}
