import { encodeRetry } from "../../protocol/event-stream.ts";
import type { Principal } from "../access/principal.ts";
import type { RefusalLog } from "../refusal-log.ts";
import type { Answer } from "./answer.ts";
import type { HttpPorts } from "./context.ts";
import { errorAnswer, HttpRefusal } from "./errors.ts";
import { isEventStreamPath } from "./paths.ts";
import { headerOf, type RequestHead } from "./request-head.ts";

/** How long an `EventSource` that was refused should wait at least, and by how much longer, each a little differently. */
const MIN_RETRY_MS = 1000;
const RETRY_SPREAD = 0.1;

/** Refuses a request whose head `readHead` can't read. */
export const UNREADABLE_HEAD = new HttpRefusal("BAD_REQUEST", "the Host header or the target is missing or malformed");

/** Whether a request is an `EventSource`'s, which never tries again after another status than 200. */
function isEventSource(head: RequestHead): boolean {
  const accepts = headerOf(head, "accept") ?? "";
  return head.method === "GET" && isEventStreamPath(head.path) && /\btext\/event-stream\b/i.test(accepts);
}

/** A stream that ends at once, without an event: it tells when to come back. */
function comeBack(refusal: HttpRefusal): Answer {
  const leastMs = Math.max(MIN_RETRY_MS, refusal.retryMs ?? 0);
  const retryMs = Math.ceil(leastMs * (1 + Math.random() * RETRY_SPREAD));
  return {
    status: 200,
    headers: { "Content-Type": "text/event-stream", "Cache-Control": "no-store, no-transform" },
    body: encodeRetry(retryMs),
  };
}

/** What refusals are written down with. */
export interface RefusalPorts extends Pick<HttpPorts, "faults" | "hub" | "isDraining" | "journal"> {
  readonly refusalLog: RefusalLog;
}

/** Words the answers that refuse, counts them and logs them: every refusal comes by here. */
export class Refusals {
  readonly #ports: RefusalPorts;

  constructor(ports: RefusalPorts) {
    this.#ports = ports;
  }

  /** Counts a refusal, and notes it for the operator. */
  note(address: string, { code, message }: Pick<HttpRefusal, "code" | "message">): void {
    this.#ports.hub.counters.errors[code]++;
    this.#ports.journal.noteRefusal(code, message, { address });
  }

  /**
   * The answer to a request whose handling has thrown: a refusal, or a fault of the server.
   * @param principal who makes the request, where that is known
   */
  answerError(head: RequestHead, error: unknown, principal?: Principal): Answer {
    if (error instanceof HttpRefusal) return this.answer(head, error, principal);
    this.#ports.faults.record(error, { method: head.method, path: head.path });
    return this.answer(head, new HttpRefusal("INTERNAL", "internal error"), principal);
  }

  /**
   * The answer to a request that is refused.
   * @param principal who makes the request, where that is known
   */
  answer(head: RequestHead, refusal: HttpRefusal, principal?: Principal): Answer {
    this.note(head.address, refusal);
    const { code, headers, message, origin } = refusal;
    // During a shutdown every request is refused, and the log has said so.
    if (!this.#ports.isDraining()) {
      const { address, method, path } = head;
      this.#ports.refusalLog.note({ code, message, address, method, path, as: principal?.name, origin });
    }
    const mayRetry = code === "RATE_LIMITED" || code === "UNAVAILABLE";
    return mayRetry && isEventSource(head) ? comeBack(refusal) : errorAnswer(code, message, headers);
  }
}
