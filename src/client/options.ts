import type { RingcastError } from "./errors.ts";
import type { Platform, WebSocketClass } from "./platform.ts";
import type { Schemas } from "./schema.ts";

/** How a client connects, and what its limits are. Give one of `apiKey`, `token` and `getToken`, or none. */
export interface ConnectOptions {
  /** The server's API key. It allows everything, so it belongs on servers; a browser can't send it. */
  readonly apiKey?: string;
  /** A token that a back end has made for this client (`POST /tokens`). When it ends, so does the client. */
  readonly token?: string;
  /**
   * Fetches a token: to connect, and to renew it before it ends. With `token` too, that one is used first. It is called
   * again after the back-off if it throws, returns no valid token, or takes longer than 30 s.
   */
  readonly getToken?: () => string | Promise<string>;
  /** Labels this client's subscriptions; the `client_id` of the token, where there is one. Random by default. */
  readonly clientId?: string;
  /** The most publishes that may be unanswered, those that wait for a connection included. By default 1000. */
  readonly maxPending?: number;
  /** The most bytes of one request: the server's `-max-message-size`. By default 1 MiB. */
  readonly maxMessageBytes?: number;
  /**
   * Whether a publish that the connection broke under is sent again. The server then leaves it out if it has it, as far
   * as the topic's memory reaches: a topic that has moved on further takes it twice. If not, or if the server has
   * restarted and so remembers nothing, it is rejected with `UNCONFIRMED`. By default true.
   */
  readonly resend?: boolean;
  /** How long a publish may go without an ack, outages included, in ms. By default 60,000. */
  readonly publishTimeoutMs?: number;
  /** How long a connection may take to open once there is a token, in ms. By default 10,000. */
  readonly connectTimeoutMs?: number;
  /** A silent link is asked for a sign of life after two of these, in ms, and given up after the third. By default 15,000. */
  readonly heartbeatMs?: number;
  /** The back-off before the first retry is a random time up to this; the bound doubles each time. By default 250. */
  readonly minBackoffMs?: number;
  /** Where the doubling ends. By default 10,000. */
  readonly maxBackoffMs?: number;
  /** The WebSocket class of the package `ws` or one like it, for runtimes without their own, such as Node.js 20. */
  readonly webSocket?: WebSocketClass;
}

/** Options with schemas. */
export interface SchemaOptions<S extends Schemas> extends ConnectOptions {
  /** Topics' schemas: they type and check what is published and received. They must be synchronous. */
  readonly schemas: S;
}

type Login = Pick<ConnectOptions, "apiKey" | "token" | "getToken">;

/** The options with their defaults filled in, and the world they are for. */
export interface Settings extends Required<Omit<SchemaOptions<Schemas>, keyof Login | "webSocket">>, Login {
  readonly platform: Platform;
  /** A text that no other client has; the beginning of message ids. */
  readonly unique: string;
}

/** Where a subscriber left off: the incarnation of the topic, and the last offset that it handled. */
export interface Position {
  readonly epoch: string;
  readonly offset: number;
}

/** How to subscribe. */
export interface SubscribeOptions {
  /** How many of the topic's last messages to get first, from 0 to the server's `-ring-buffer-size`. By default 0. */
  readonly lastN?: number;
  /** Goes on where an earlier subscription ended, instead of `lastN`. */
  readonly since?: Position;
  /** Reads payloads from their JSON text, for what `JSON.parse`, the default, would spoil, such as 64-bit integers. */
  readonly parse?: (json: string) => unknown;
}

/** How to subscribe for iteration. */
export interface StreamOptions extends SubscribeOptions {
  /** How many events may wait for the loop before further ones are left to the server. By default 1000. */
  readonly maxBuffered?: number;
}

/** How to publish. */
export interface PublishOptions {
  /** The message's id, 1 to 255 bytes. By default one that is unique. */
  readonly id?: string;
  /** Publishes nothing if the topic still holds a message with this id. Always so when a publish is sent again. */
  readonly dedupe?: boolean;
  /** The payload is JSON text already, and goes over the wire as it is. */
  readonly raw?: boolean;
}

/** The server's answer to a publish. */
export interface Published {
  /** The message's place in its topic. */
  readonly offset: number;
  /** Whether the topic had it already, from an earlier attempt. */
  readonly duplicate: boolean;
}

/** A message of a topic. */
export interface RingcastEvent<T = unknown> {
  readonly topic: string;
  readonly id: string;
  readonly payload: T;
  /** Together, where it stands: what `since` takes. */
  readonly epoch: string;
  readonly offset: number;
  /** When the topic took it, RFC 3339. */
  readonly ts: string;
}

/**
 * Messages that a subscription did not get.
 * - `expired`: the topic no longer held them when the client asked for what it had missed
 * - `dropped`: the server dropped them because the client did not keep up, twice in a row
 * - `recreated`: the topic was created again (it was removed, its time to live was over, or the server restarted); how many were missed is
 *   not known
 * - `invalid`: one message that `parse` or the schema refused; `error` says why
 */
export interface Gap {
  readonly topic: string;
  /** The incarnation of the topic that the offsets belong to. */
  readonly epoch: string;
  /** The first offset that is missing. */
  readonly from: number;
  /** The last offset that is missing; null where nobody can know. */
  readonly to: number | null;
  readonly reason: "expired" | "dropped" | "recreated" | "invalid";
  readonly error?: unknown;
}

/** How a client is connected; `http`: by an event stream and HTTP requests, where WebSockets are blocked. */
export type TransportName = "websocket" | "http";

/**
 * What the connection is doing. `waiting` is the back-off after a connection was lost or could not be made, and says
 * why; `idle` is no connection and no need of one; `closed` is the end, with an error if not by `close()`.
 */
export type State =
  | { readonly state: "connecting" | "idle" }
  | { readonly state: "open"; readonly transport: TransportName }
  | {
      readonly state: "waiting";
      readonly retryMs: number;
      readonly code: number;
      readonly reason: string;
      /** What keeps the client from connecting, as far as that is known. */
      readonly error?: RingcastError;
    }
  | { readonly state: "closed"; readonly error?: RingcastError };

/** The events of a client, and what their listeners get. */
export interface ClientEvents {
  readonly state: State;
  readonly gap: Gap;
  /**
   * A problem that a developer or operator has to know of: a refusal, a server that is not there, a failing `getToken`. Each
   * is reported once. Without a listener, it is printed by `console.warn` during development (`NODE_ENV` is not
   * `production`; in a page, its host is local).
   */
  readonly warning: RingcastError;
}
