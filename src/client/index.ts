import type { Client } from "./client.ts";
import { createClient } from "./create.ts";
import type { ConnectOptions } from "./options.ts";
import { PLATFORM } from "./platform.ts";
import type { NoSchemas, Schemas } from "./schema.ts";

export type { Client, EventStream, Subscription } from "./client.ts";
export { type ClientErrorCode, RingcastError } from "./errors.ts";
export type {
  ClientEvents,
  ConnectOptions,
  Gap,
  Position,
  Published,
  PublishOptions,
  RingcastEvent,
  State,
  StreamOptions,
  SubscribeOptions,
} from "./options.ts";
export type { NoSchemas, Schemas, StandardSchema } from "./schema.ts";

/**
 * Connects to a server, and stays connected until `close()`.
 * @param url the server's WebSocket, such as `wss://example.com/ws`
 * @throws RingcastError `UNSUPPORTED` where no WebSocket can be made of the URL, or a browser is given an API key
 */
export function connect<S extends Schemas = NoSchemas>(url: string | URL, options: ConnectOptions<S> = {}): Client<S> {
  const client = createClient(String(url), options, PLATFORM);
  const { state } = client;
  if (state.state === "closed" && state.error !== undefined) throw state.error;
  return client;
}
