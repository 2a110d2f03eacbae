import { apiKey } from "./session.ts";

// The REST API, as far as the console asks it.

/** A request that did not come to what it was for; `code` is the API's, or `UNREACHABLE` where nobody answered. */
export class ApiError extends Error {
  readonly code: string;
  readonly status: number;

  constructor(code: string, message: string, status: number) {
    super(message);
    this.code = code;
    this.status = status;
  }
}

/** A topic in a list. */
export interface TopicSummary {
  readonly name: string;
  readonly created_at: string;
  readonly message_count: number;
  readonly subscriber_count: number;
}

/** A topic by itself. */
export interface TopicDetails extends TopicSummary {
  readonly epoch: string;
  readonly newest_offset: number;
  readonly oldest_offset: number;
  /** How long it stays after its last subscriber has left, such as `1h0m0s`; or `never`. */
  readonly ttl: string;
}

/** Somebody who is subscribed to a topic. */
export interface Subscriber {
  readonly client_id: string;
  readonly since: string;
  readonly transport: string;
  readonly queue_depth: number;
  readonly dropped: number;
}

/** An open connection. */
export interface ClientSummary {
  readonly id: number;
  readonly transport: string;
  readonly address: string;
  /** Who it is: the name of its key, or the client id of its token. */
  readonly as: string;
  readonly connected_at: string;
  /** When its last pong came, or anything else that showed it alive; absent before the first. */
  readonly last_pong_at?: string;
  readonly client_ids: readonly string[];
  readonly subscription_count: number;
  readonly requests: number;
  readonly queue_depth: number;
  readonly queue_bytes: number;
  readonly dropped: number;
}

/** An open connection by itself. */
export interface ClientDetails extends ClientSummary {
  readonly subscriptions: readonly { readonly topic: string; readonly client_id: string; readonly since: string }[];
}

/** Clients in the order in which they came; `total` counts those beyond the page, too. */
export interface ClientPage {
  readonly total: number;
  readonly clients: readonly ClientSummary[];
}

/** What may be known without a key. */
export interface ConsoleConfig {
  readonly version: string;
  readonly key_needed: boolean;
}

/** An answer that takes longer has been lost on its way: without an end to it, nothing would be asked again. */
const TIMEOUT_MS = 30_000;

interface ErrorBody {
  readonly error?: { readonly code?: string; readonly message?: string };
}

async function fail(answer: Response): Promise<never> {
  const body: ErrorBody = await answer.json().catch(() => ({}));
  const { code = "UNEXPECTED", message = `the server answered ${answer.status}` } = body.error ?? {};
  throw new ApiError(code, message, answer.status);
}

/**
 * The text that a path of the API answers with.
 * @param body sent as JSON, where there is one
 * @throws {ApiError} where it is refused, or nobody answers
 */
export async function requestText(method: "GET" | "POST" | "DELETE", path: string, body?: object): Promise<string> {
  const headers: Record<string, string> = {};
  if (apiKey.value !== "") headers["X-API-Key"] = apiKey.value;
  if (body !== undefined) headers["Content-Type"] = "application/json";
  const content = body === undefined ? {} : { body: JSON.stringify(body) };
  try {
    const answer = await fetch(path, { method, headers, signal: AbortSignal.timeout(TIMEOUT_MS), ...content });
    return await (answer.ok ? answer.text() : fail(answer));
  } catch (error) {
    // Also one that breaks off in the middle of its answer.
    throw error instanceof ApiError ? error : new ApiError("UNREACHABLE", "the server does not answer", 0);
  }
}

/** The same as JSON, as the server is known to answer. */
export async function request<T>(method: "GET" | "POST" | "DELETE", path: string, body?: object): Promise<T> {
  return JSON.parse(await requestText(method, path, body));
}

/** The path of a topic, and of what lies below it. */
export function topicPath(name: string, below = ""): string {
  return `/topics/${encodeURIComponent(name)}${below}`;
}
