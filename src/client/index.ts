import type { Client } from "./client.ts";
import { createClient } from "./create.ts";
import type { ConnectOptions, SchemaOptions } from "./options.ts";
import { createPlatform } from "./runtime.ts";
import type { Schemas } from "./schema.ts";
import type { AnyTopics, InputsOf, OutputsOf, Topics } from "./topics.ts";

export type { Client, EventStream, Subscription } from "./client.ts";
export { type ClientErrorCode, RingcastError, type RingcastErrorOptions } from "./errors.ts";
export type {
  ClientEvents,
  ConnectOptions,
  Gap,
  Position,
  Published,
  PublishOptions,
  RingcastEvent,
  SchemaOptions,
  State,
  StreamOptions,
  SubscribeOptions,
} from "./options.ts";
export type { WebSocketClass, WebSocketLike } from "./platform.ts";
export type { Schemas, StandardSchema } from "./schema.ts";
export type { AnyTopics, InputsOf, OutputsOf, PayloadOf, Topics } from "./topics.ts";

/** A `URL`, or what is like one: the types of this module need no library of browsers. */
interface HasHref {
  readonly href: string;
}

/**
 * Makes a client, which connects at its first subscribe or publish, or at `client.connect()`, and stays connected until
 * `client.close()`. Payload types come from the type argument, `connect<{ orders: Order; "prices/*": Price }>(url)`, or
 * from schemas, which also check payloads at run time.
 * @param url the server's WebSocket, such as `wss://example.com/ws`; an `https:` URL will do, and in a page a path
 * @throws RingcastError `BAD_REQUEST` if an option has the wrong type, is negative or NaN; `UNSUPPORTED` if the URL is no WebSocket URL or an API key is given in a page (browsers can't send
 *   one)
 */
export function connect<const S extends Schemas>(
  url: string | HasHref,
  options: SchemaOptions<S>,
): Client<InputsOf<S>, OutputsOf<S>>;
export function connect<T extends Topics = AnyTopics>(url: string | HasHref, options?: ConnectOptions): Client<T>;
export function connect(url: string | HasHref, options: ConnectOptions = {}): Client {
  return createClient(String(url), options, createPlatform(options));
}
