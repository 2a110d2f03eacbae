import { Client } from "./client.ts";
import { RingcastError } from "./errors.ts";
import type { ConnectOptions, SchemaOptions } from "./options.ts";
import type { Platform } from "./platform.ts";
import type { Schemas } from "./schema.ts";
import type { AnyTopics, Topics } from "./topics.ts";
import { webSocketUrl } from "./url.ts";

const DEFAULTS = {
  connectTimeoutMs: 10_000,
  heartbeatMs: 15_000,
  maxBackoffMs: 10_000,
  maxMessageBytes: 1_048_576,
  maxPending: 1000,
  minBackoffMs: 250,
  publishTimeoutMs: 60_000,
  resend: true,
  schemas: {},
};

function checkOptions(settings: Readonly<Record<keyof typeof DEFAULTS, unknown>>): void {
  for (const [name, standard] of Object.entries(DEFAULTS)) {
    const value = Object(settings)[name];
    // A time or a limit may be Infinity.
    if (typeof value === typeof standard && (typeof value !== "number" || value >= 0)) continue;
    throw new RingcastError("BAD_REQUEST", `the option ${name} has the wrong type or is out of range`);
  }
}

/** The same options without those that are undefined, so that those have their defaults, too. */
function definedOf<T extends object>(options: T): T {
  const defined = { ...options };
  for (const key in defined) if (defined[key] === undefined) delete defined[key];
  return defined;
}

/**
 * Makes a client for a platform.
 * @throws RingcastError `UNSUPPORTED` if the URL is no WebSocket URL; `BAD_REQUEST` if an option is invalid
 */
export function createClient<In extends Topics = AnyTopics, Out extends Topics = In>(
  url: string,
  options: ConnectOptions & Partial<SchemaOptions<Schemas>>,
  platform: Platform,
) {
  // Not crypto.randomUUID: browsers have that on secure pages only.
  const unique = crypto.getRandomValues(new Uint32Array(3)).join("-");
  const settings = { ...DEFAULTS, clientId: unique, ...definedOf(options), platform, unique };
  checkOptions(settings);
  return new Client<In, Out>(webSocketUrl(url), settings);
}
