import type { Answer } from "./answer.ts";
import type { HttpPorts } from "./context.ts";
import { errorAnswer, HttpRefusal } from "./errors.ts";
import { isEventStreamPath } from "./paths.ts";
import { headerOf, type RequestHead } from "./request-head.ts";

/** How long an `EventSource` that was refused should wait; each a little differently, lest all come back at once. */
const MIN_RETRY_MS = 2000;
const RETRY_SPREAD_MS = 3000;

/** Refuses a request whose head `readHead` can't read. */
export const UNREADABLE_HEAD = new HttpRefusal("BAD_REQUEST", "the Host header or the target is missing or malformed");

/** Whether a request is an `EventSource`'s, which never tries again after another status than 200. */
function isEventSource(head: RequestHead): boolean {
  const accepts = headerOf(head, "accept") ?? "";
  return head.method === "GET" && isEventStreamPath(head.path) && /\btext\/event-stream\b/i.test(accepts);
}

/** A stream that ends at once: it tells when to come back. A blank line would make some clients see an empty event. */
function comeBack({ headers }: HttpRefusal): Answer {
  const leastMs = Math.max(MIN_RETRY_MS, Number(headers["Retry-After"] ?? 0) * 1000);
  const retryMs = leastMs + Math.floor(Math.random() * RETRY_SPREAD_MS);
  return {
    status: 200,
    headers: { "Content-Type": "text/event-stream", "Cache-Control": "no-store, no-transform" },
    body: `retry: ${retryMs}\n`,
  };
}

/** Words the answers that refuse, and counts them: every refusal comes by here. */
export class Refusals {
  readonly #ports: Pick<HttpPorts, "faults" | "hub" | "journal">;

  constructor(ports: Pick<HttpPorts, "faults" | "hub" | "journal">) {
    this.#ports = ports;
  }

  /** Counts a refusal, and notes it for the operator. */
  note(address: string, { code, message }: Pick<HttpRefusal, "code" | "message">): void {
    this.#ports.hub.counters.errors[code]++;
    this.#ports.journal.noteRefusal(code, message, { address });
  }

  /** The answer to a request whose handling has thrown: a refusal, or a fault of the server. */
  answerError(head: RequestHead, error: unknown): Answer {
    if (error instanceof HttpRefusal) return this.answer(head, error);
    this.#ports.faults.record(error, { method: head.method, path: head.path });
    return this.answer(head, new HttpRefusal("INTERNAL", "internal error"));
  }

  /** The answer to a request that is refused. */
  answer(head: RequestHead, refusal: HttpRefusal): Answer {
    this.note(head.address, refusal);
    const { code, headers, message } = refusal;
    const mayRetry = code === "RATE_LIMITED" || code === "UNAVAILABLE";
    return mayRetry && isEventSource(head) ? comeBack(refusal) : errorAnswer(code, message, headers);
  }
}
