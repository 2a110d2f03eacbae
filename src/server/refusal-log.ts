import type { Clock } from "../core/clock.ts";
import { ERRORS, type ErrorCode } from "../protocol/errors.ts";
import { addressBlock } from "./client-address.ts";
import type { Logger } from "./logger.ts";

/** Of each error code and address block at most one line in this time. */
export const REFUSAL_WINDOW_MS = 10_000;
/** The most code and block pairs that have lines of their own; all others share one for each code. */
export const MAX_REFUSED_BLOCKS = 100;
/** Longer paths and origins are cut. */
const MAX_TEXT_CHARS = 200;

/** The refusals that are logged: no valid credentials, no right, or a limit. */
const LOGGED: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  "UNAUTHORIZED",
  "FORBIDDEN",
  "RATE_LIMITED",
  "LIMIT_EXCEEDED",
  "UNAVAILABLE",
]);

/** A request that was refused. It holds no credentials: the path is without the query, where a token may stand. */
export interface RefusedRequest {
  readonly code: ErrorCode;
  /** Why, as the client is told. */
  readonly message: string;
  readonly address: string;
  readonly method: string;
  readonly path: string;
  /** The name of the API key, or the client id of the token; undefined where neither was valid. */
  readonly as?: string | undefined;
  /** The page's origin, where that is why. */
  readonly origin?: string | undefined;
}

interface Window {
  readonly endMs: number;
  /** The newest request that got no line. */
  last: RefusedRequest | undefined;
  suppressed: number;
}

function shortened(text: string): string {
  return text.length > MAX_TEXT_CHARS ? `${text.slice(0, MAX_TEXT_CHARS)}...` : text;
}

/** Logs refused requests as warnings. Its lines are bounded, whatever clients do: see `REFUSAL_WINDOW_MS`. */
export class RefusalLog {
  readonly #logger: Logger;
  readonly #clock: Clock;
  readonly #windows = new Map<string, Window>();
  /** For code and block pairs above `MAX_REFUSED_BLOCKS`, by code. */
  readonly #shared = new Map<string, Window>();

  constructor(logger: Logger, clock: Clock) {
    this.#logger = logger;
    this.#clock = clock;
  }

  /** Logs a refused request, or counts it if its window already has a line. Codes that no operator needs are left out. */
  note(request: RefusedRequest): void {
    if (!LOGGED.has(request.code)) return;
    const key = `${request.code} ${addressBlock(request.address)}`;
    const hasOwn = this.#windows.has(key) || this.#windows.size < MAX_REFUSED_BLOCKS;
    if (hasOwn) this.#noteIn(this.#windows, key, request);
    else this.#noteIn(this.#shared, request.code, request);
  }

  /**
   * Ends the windows that are over, and logs how many requests got no line in each. To be called about once a second.
   * @param all whether to end the others as well, because the server stops
   */
  report(all = false): void {
    const now = this.#clock.monotonicMs();
    for (const windows of [this.#windows, this.#shared]) {
      for (const [key, { endMs, last, suppressed }] of windows) {
        if (now < endMs && !all) continue;
        if (last === undefined) {
          windows.delete(key);
          continue;
        }
        this.#log(last, suppressed);
        // This line is the one of the next window.
        windows.set(key, this.#newWindow());
      }
    }
  }

  #noteIn(windows: Map<string, Window>, key: string, request: RefusedRequest): void {
    const window = windows.get(key);
    if (window !== undefined) {
      window.last = request;
      window.suppressed++;
      return;
    }
    windows.set(key, this.#newWindow());
    this.#log(request, 1);
  }

  #newWindow(): Window {
    return { endMs: this.#clock.monotonicMs() + REFUSAL_WINDOW_MS, last: undefined, suppressed: 0 };
  }

  /** @param requests how many requests the line stands for: this one and those before it that got none */
  #log({ address, as, code, message, method, origin, path }: RefusedRequest, requests: number): void {
    this.#logger.warn(
      {
        status: ERRORS[code].httpStatus,
        code,
        address,
        method,
        path: shortened(path),
        ...(as === undefined ? {} : { as }),
        ...(origin === undefined ? {} : { origin: shortened(origin) }),
        why: message,
        requests,
      },
      "request refused",
    );
  }
}
