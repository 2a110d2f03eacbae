import { ERRORS, type ErrorCode } from "../protocol/errors.ts";
import { RingcastError } from "./errors.ts";
import type { BackendOptions, FetchResponse } from "./options.ts";

/** The pause before the second try is a random time up to this; the bound doubles each time. */
const MIN_PAUSE_MS = 250;
const MAX_PAUSE_MS = 5000;
/** The longest time that timers know. */
const MAX_TIMER_MS = 2 ** 31 - 1;
/** What a proxy answers for a server that is away, besides what a Ringcast server says itself. */
const PROXY_STATUSES: readonly number[] = [502, 503, 504];

/** A request to the REST API. */
export interface Call {
  readonly method: string;
  /** Below the server's URL. */
  readonly path: string;
  /** JSON text. */
  readonly body?: string;
  /** Makes the path of a later try: what it asks for may have been done already. */
  readonly retryPath?: string;
}

type Members = Readonly<Record<string, unknown>>;

/** The members of an object; none of what is no object. */
export function membersOf(value: unknown): Members {
  return Object(value);
}

function isErrorCode(code: unknown): code is ErrorCode {
  return typeof code === "string" && Object.hasOwn(ERRORS, code);
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Makes requests, and makes them again where that can help. */
export class Caller {
  readonly #baseUrl: string;
  readonly #options: BackendOptions;

  /** @param baseUrl the server's root, without a slash at the end */
  constructor(baseUrl: string, options: BackendOptions) {
    this.#baseUrl = baseUrl;
    this.#options = options;
  }

  /**
   * Makes a request; returns what is in the response.
   * @throws RingcastError where the server refuses it, or there is no response within the time and number of tries
   */
  async call(call: Call): Promise<Members> {
    const { maxTries = 5, timeoutMs = 30_000 } = this.#options;
    const deadline = AbortSignal.timeout(Math.min(timeoutMs, MAX_TIMER_MS));
    for (let tries = 1; ; tries++) {
      const { error, pauseMs, value } = await this.#try(call, tries, deadline);
      if (value !== undefined) return value;
      if (deadline.aborted) {
        throw new RingcastError("TIMEOUT", `no answer within ${timeoutMs} ms: ${error.message}`, { cause: error });
      }
      if (pauseMs === undefined || tries >= maxTries) throw error;
      await pause(pauseMs, deadline);
    }
  }

  async #try({ body, method, path, retryPath = path }: Call, tries: number, signal: AbortSignal): Promise<Outcome> {
    const { apiKey, token, fetch: makeRequest = fetch } = this.#options;
    const headers: Record<string, string> = {};
    const secret = apiKey ?? token;
    if (secret !== undefined) headers["Authorization"] = `Bearer ${secret}`;
    if (body !== undefined) headers["Content-Type"] = "application/json";
    const init = { method, headers, signal, redirect: "manual" as const, ...(body !== undefined && { body }) };
    const backOffMs = Math.random() * Math.min(MAX_PAUSE_MS, MIN_PAUSE_MS * 2 ** (tries - 1));
    let response: FetchResponse;
    let text: string;
    try {
      response = await makeRequest(this.#baseUrl + (tries === 1 ? path : retryPath), init);
      text = await response.text();
    } catch (cause) {
      const { cause: inner = cause } = membersOf(cause);
      return {
        error: new RingcastError("UNREACHABLE", `nothing answers at ${this.#baseUrl}: ${inner}`, { cause }),
        pauseMs: backOffMs,
      };
    }
    const value = parse(text);
    if (response.ok && value !== undefined) return { value: membersOf(value) };
    const error = this.#refusal(response.status, value);
    const isRetryable = isErrorCode(error.code)
      ? ERRORS[error.code].retryable
      : PROXY_STATUSES.includes(response.status);
    if (!isRetryable) return { error };
    const hintSec = Number(response.headers.get("Retry-After") ?? 0);
    return { error, pauseMs: Math.max(backOffMs, hintSec > 0 ? hintSec * 1000 : 0) };
  }

  #refusal(status: number, body: unknown): RingcastError {
    const { code, message } = membersOf(membersOf(body)["error"]);
    if (isErrorCode(code)) return new RingcastError(code, String(message), { status });
    return new RingcastError("NOT_RINGCAST", `${this.#baseUrl} is not a Ringcast server (HTTP ${status})`, { status });
  }
}

/** What became of a try: what was in the response, or why there was none. */
type Outcome =
  | { readonly value: Members; readonly error?: undefined; readonly pauseMs?: undefined }
  | {
      readonly value?: undefined;
      readonly error: RingcastError;
      /** After which time another try may help; undefined if none does. */
      readonly pauseMs?: number;
    };

/** Waits, but not beyond the deadline. */
function pause(ms: number, deadline: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer);
      deadline.removeEventListener("abort", end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    deadline.addEventListener("abort", end);
  });
}
