import { deferred } from "./deferred.ts";
import { RingcastError } from "./errors.ts";
import type { Published, Settings } from "./options.ts";
import type { Answer } from "./sequence.ts";

/** The close code for it (RFC 6455, section 7.4.1). */
const MESSAGE_TOO_LARGE = 1009;

/** A publish that has not been answered. */
interface Pending {
  readonly topic: string;
  /** The request, but for its last brace. */
  readonly text: string;
  /** The server that it was last sent to; undefined if it was not. */
  server: string | undefined;
  /** To be called once or more; the first counts. */
  readonly settle: (outcome: Published | RingcastError) => void;
}

function unconfirmed({ topic }: Pending, message: string): RingcastError {
  return new RingcastError("UNCONFIRMED", message, { topic });
}

function byteLength(text: string): number {
  return new TextEncoder().encode(text).length;
}

/** The publishes that wait for a connection or for their ack, in the order in which they were made. */
export class Publisher {
  readonly #settings: Settings;
  readonly #send: (text: string) => boolean;
  readonly #problem: () => RingcastError | undefined;
  readonly #pending = new Map<string, Pending>();
  /** The server at the other end; undefined while there is none, or it has not said who it is. */
  #server: string | undefined;
  #whenEmpty = () => {};

  /**
   * @param send sends a text if there is a link, and returns whether there is
   * @param problem why there is no connection, if that is known
   */
  constructor(settings: Settings, send: (text: string) => boolean, problem: () => RingcastError | undefined) {
    this.#settings = settings;
    this.#send = send;
    this.#problem = problem;
  }

  get isEmpty(): boolean {
    return this.#pending.size === 0;
  }

  /**
   * Publishes, now or when there is a link.
   * @param request the request but for its id; its `dedupe` may still be set
   */
  async publish(topic: string, requestId: string, request: string): Promise<Published> {
    const { maxMessageBytes, maxPending, platform, publishTimeoutMs } = this.#settings;
    const text = `${request},"request_id":"${requestId}"`;
    // A character takes at most three bytes, so most messages need no measuring.
    if (text.length * 3 > maxMessageBytes && byteLength(`${text},"dedupe":true}`) > maxMessageBytes) {
      throw new RingcastError(
        "PAYLOAD_TOO_LARGE",
        `the request is larger than ${maxMessageBytes} bytes (maxMessageBytes)`,
        { topic },
      );
    }
    if (this.#pending.size >= maxPending) {
      throw new RingcastError("QUEUE_FULL", `${maxPending} publishes are unanswered (maxPending)`, { topic });
    }
    const { promise, reject, resolve } = deferred<Published>();
    const cancel = platform.after(publishTimeoutMs, () => {
      const cause = this.#problem();
      const why = cause === undefined ? "" : `; ${cause.message}`;
      pending.settle(new RingcastError("TIMEOUT", `no ack within ${publishTimeoutMs} ms${why}`, { cause, topic }));
    });
    const pending: Pending = {
      topic,
      text,
      server: undefined,
      settle: (outcome) => {
        cancel();
        this.#pending.delete(requestId);
        if (outcome instanceof RingcastError) reject(outcome);
        else resolve(outcome);
        if (this.isEmpty) this.#whenEmpty();
      },
    };
    this.#pending.set(requestId, pending);
    this.#transmit(pending);
    return promise;
  }

  /**
   * Sends what waits. What was sent before may have been taken, so the server is asked not to take it twice; one that has
   * restarted could not know.
   * @param server the server's name for this start of it
   */
  opened(server = ""): void {
    this.#server = server;
    for (const pending of this.#pending.values()) {
      if (pending.server === undefined || pending.server === server) this.#transmit(pending);
      else pending.settle(unconfirmed(pending, "server restarted"));
    }
  }

  /** Takes an answer; returns whether it was for one of these. */
  answered(requestId: string, answer: Answer): boolean {
    const pending = this.#pending.get(requestId);
    if (pending === undefined) return false;
    if (answer.type === "error") {
      const { code, message } = answer.error;
      pending.settle(new RingcastError(code, message, { topic: pending.topic }));
    }
    if (answer.type === "ack") pending.settle({ offset: answer.offset ?? 0, duplicate: answer.duplicate === true });
    return true;
  }

  /** The link is gone. What was sent may have been taken or not. */
  lost(code: number): void {
    this.#server = undefined;
    const sent = [...this.#pending.values()].filter(({ server }) => server !== undefined);
    if (code === MESSAGE_TOO_LARGE) {
      // If it was one of these, then the largest. It must not be sent again.
      const [largest] = sent.sort((a, b) => byteLength(b.text) - byteLength(a.text));
      largest?.settle(new RingcastError("PAYLOAD_TOO_LARGE", "the request is too large", { topic: largest.topic }));
    }
    if (this.#settings.resend) return;
    for (const pending of sent) pending.settle(unconfirmed(pending, "connection lost"));
  }

  /** Rejects all. */
  end(error: RingcastError): void {
    for (const pending of this.#pending.values()) pending.settle(error);
  }

  /** Calls back once nothing is unanswered. */
  whenEmpty(run: () => void): void {
    if (this.isEmpty) run();
    else this.#whenEmpty = run;
  }

  #transmit(pending: Pending): void {
    const server = this.#server;
    if (server === undefined) return;
    if (this.#send(`${pending.text}${pending.server === undefined ? "}" : ',"dedupe":true}'}`)) pending.server = server;
  }
}
