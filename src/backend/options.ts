/** How to reach a Ringcast server, and as whom. Give `apiKey` or `token`, or none where the server needs none. */
export interface BackendOptions {
  /** An API key of the server, of the role `admin` or `publish`. */
  readonly apiKey?: string;
  /** A token, in place of a key. */
  readonly token?: string;
  /** The server's `-token-secret`: with it, tokens are signed here, without a request. */
  readonly tokenSecret?: string;
  /** How long a call may take, all its tries included, in ms. By default 30,000. */
  readonly timeoutMs?: number;
  /** The most tries of a call, from 1. By default 5. */
  readonly maxTries?: number;
  /** Makes requests in place of the runtime's own `fetch`. */
  readonly fetch?: FetchHolder["fetch"];
}

/** What is used of a request's options; the types of this module need no library of browsers. */
export interface FetchInit {
  readonly method?: string;
  readonly headers?: unknown;
  readonly body?: unknown;
  readonly signal?: unknown;
  readonly redirect?: unknown;
}

/** What is used of a response. */
export interface FetchResponse {
  readonly ok: boolean;
  readonly status: number;
  readonly headers: { get(name: string): string | null };
  text(): Promise<string>;
}

/** A function like `fetch`. Declared as a method, so that one that expects more of the options will do. */
interface FetchHolder {
  fetch(url: string, init: FetchInit): Promise<FetchResponse>;
}

/** How to publish. */
export interface PublishOptions {
  /** The message's id, 1 to 255 bytes. By default one that is unique. */
  readonly id?: string;
  /** Publishes nothing if the topic still holds a message with this id. Always so when a request is sent again. */
  readonly dedupe?: boolean;
  /** The payload is JSON text already, and is published as it is. */
  readonly raw?: boolean;
}

/** A message, where several are published in one piece. */
export interface Message {
  readonly payload: unknown;
  /** 1 to 255 bytes. By default one that is unique. */
  readonly id?: string;
}

/** What a topic took. */
export interface Published {
  readonly id: string;
  /** Together with the offset, the message's place: what `since` of a subscriber takes. */
  readonly epoch: string;
  readonly offset: number;
  /** Whether the topic had it already, from an earlier try. */
  readonly duplicate: boolean;
}

/** What a token is to allow. */
export interface Grant {
  /** The `client_id` of its holder, 1 to 255 bytes. */
  readonly clientId: string;
  /** The topics that its holder may subscribe to, up to 100: names, or beginnings of names with a `*` behind them. */
  readonly subscribe?: readonly string[];
  /** The same for publishing. */
  readonly publish?: readonly string[];
  /** How long it is valid, in seconds, from 1 to 86,400. By default 3600. */
  readonly ttlSec?: number;
}

/** Where a topic is: the place behind its newest message. */
export interface Position {
  readonly epoch: string;
  readonly offset: number;
}
