import type { Client } from "./client.ts";
import { createClient } from "./create.ts";
import type { ConnectOptions } from "./options.ts";
import { createPlatform } from "./platform.ts";
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
export type { WebSocketClass, WebSocketLike } from "./platform.ts";
export type { NoSchemas, Schemas, StandardSchema } from "./schema.ts";

/**
 * Connects to a server, and stays connected until `close()`.
 * @param url the server's WebSocket, such as `wss://example.com/ws`
 * @throws RingcastError `UNSUPPORTED` if the URL or the credentials are unusable (browsers can't send an API key), or the
 *   runtime has no WebSocket and none is given
 */
export function connect<S extends Schemas = NoSchemas>(url: string | URL, options: ConnectOptions<S> = {}): Client<S> {
  const client = createClient(String(url), options, createPlatform(options.webSocket));
  const { state } = client;
  if (state.state === "closed" && state.error !== undefined) throw state.error;
  return client;
}
