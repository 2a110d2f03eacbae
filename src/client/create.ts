import { Client } from "./client.ts";
import type { ConnectOptions } from "./options.ts";
import type { Platform } from "./platform.ts";
import type { NoSchemas, Schemas } from "./schema.ts";

/** Makes a client for a platform. */
export function createClient<S extends Schemas = NoSchemas>(
  url: string,
  options: ConnectOptions<S>,
  platform: Platform,
) {
  // Not crypto.randomUUID: browsers have that on secure pages only.
  const unique = crypto.getRandomValues(new Uint32Array(3)).join("-");
  // Each by itself, so that an undefined one has its default, too.
  const {
    clientId = unique,
    connectTimeoutMs = 10_000,
    heartbeatMs = 15_000,
    maxBackoffMs = 10_000,
    maxMessageBytes = 1_048_576,
    maxPending = 1000,
    minBackoffMs = 250,
    publishTimeoutMs = 60_000,
    resend = true,
    schemas = {},
    ...login
  } = options;
  return new Client<S>(url, {
    clientId,
    connectTimeoutMs,
    heartbeatMs,
    maxBackoffMs,
    maxMessageBytes,
    maxPending,
    minBackoffMs,
    publishTimeoutMs,
    resend,
    schemas,
    ...login,
    platform,
    unique,
  });
}
