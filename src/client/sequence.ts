import type { ServerMessage, WireRequest } from "../protocol/messages.ts";
import { deferred } from "./deferred.ts";
import { RingcastError } from "./errors.ts";
import type { Gap, Position, RingcastEvent, SubscribeOptions } from "./options.ts";
import { payloadText } from "./payload-text.ts";
import { check, type StandardSchema } from "./schema.ts";

type WireMessage<T extends ServerMessage["type"]> = Extract<ServerMessage, { type: T }>;
export type Answer = WireMessage<"ack" | "error" | "pong">;

/** An event as it came, and its text. */
export interface WireEvent extends Pick<WireMessage<"event">, "message" | "offset" | "ts"> {
  readonly text: string;
}

/** Takes what a sequence brings, in order. */
export interface Sink<T> {
  /** Whether it takes no more for now. It calls `resume` when it does again. */
  isFull(): boolean;
  event(event: RingcastEvent<T>): void;
  gap(gap: Gap): void;
}

type Unsigned<Type extends WireRequest["type"]> = Omit<
  Extract<WireRequest, { type: Type }>,
  "client_id" | "request_id"
>;
/** A request, but for its id and for who makes it. */
export type Request = Unsigned<"subscribe"> | Unsigned<"unsubscribe"> | Unsigned<"ping">;

/** How a sequence reaches the server. */
export interface Wire {
  /** Sends a request if there is a link; the answer comes back, unless the link is lost first. */
  request(request: Request, answered: (answer: Answer) => void): void;
  /** Forgets the sequence: it has ended. */
  forget(): void;
  /** The most messages that the server replays; undefined while it has not said. */
  maxLastN(): number | undefined;
  /** Reports a problem that does not end the subscription. */
  warn(warning: RingcastError): void;
}

/** The most events that are kept while those before them are fetched; what is beyond is fetched, too. */
const MAX_HELD = 256;

/**
 * Makes one unbroken sequence of what a subscription gets over any number of connections, and tells what is missing.
 * Nothing is taken out of order: at a hole it subscribes again with `since`, and only what does not come by that is a
 * gap.
 */
export class Sequence<T = unknown> {
  readonly topic: string;
  /** Resolves when the server has agreed, or the application has ended it; rejects with what the server said. */
  readonly ready: Promise<void>;
  /** Resolves when it has ended: with the error that ended it, or with undefined if the application did. */
  readonly ended: Promise<RingcastError | undefined>;
  readonly #options: SubscribeOptions;
  #lastN: number;
  readonly #schema: StandardSchema | undefined;
  readonly #wire: Wire;
  readonly #sink: Sink<T>;
  readonly #settleReady: (error?: RingcastError) => void;
  readonly #settleEnded: (error?: RingcastError) => void;
  /** Up to where all is handed over or told as a gap. */
  #position: Position | undefined;
  /** Whether a request to subscribe is under way. */
  #isAsking = false;
  /** Whether the server has acknowledged the subscribe on this connection. Earlier events may be of another incarnation. */
  #isJoined = false;
  /** Whether the sink was full, so that something was left to the server. */
  #isLagging = false;
  /** What the last replay was to bring: all after the one offset, up to the other. A hole at its beginning stays one. */
  #asked: { readonly since: number; readonly until: number; readonly isLastN: boolean } | undefined;
  /** Whether the server held all that the last request asked for. */
  #wasRecovered = true;
  #held: WireEvent[] = [];
  #isOver = false;

  constructor(topic: string, options: SubscribeOptions, schema: StandardSchema | undefined, wire: Wire, sink: Sink<T>) {
    this.topic = topic;
    this.#options = options;
    this.#lastN = options.lastN ?? 0;
    this.#schema = schema;
    this.#wire = wire;
    this.#sink = sink;
    this.#position = options.since;
    const ready = deferred<void>();
    const ended = deferred<RingcastError | undefined>();
    this.ready = ready.promise;
    this.ended = ended.promise;
    // Who does not wait for it learns of a refusal by the warning.
    ready.promise.catch(() => {});
    this.#settleReady = (error) => (error === undefined ? ready.resolve() : ready.reject(error));
    this.#settleEnded = ended.resolve;
  }

  /** Subscribes on a connection, from where it left off. */
  ask(): void {
    if (this.#isOver) return;
    this.#isAsking = true;
    const start = this.#position === undefined ? { last_n: this.#lastN } : { since: this.#position };
    this.#wire.request({ type: "subscribe", topic: this.topic, ...start }, (answer) => {
      if (this.#isOver) return;
      if (answer.type === "ack") this.#joined(answer);
      if (answer.type === "error" && !this.#clamp()) this.end(this.#error(answer.error.code, answer.error.message));
    });
  }

  /** Asks again for as many messages as the server keeps, if it was asked for more; returns whether it was. */
  #clamp(): boolean {
    const maxLastN = this.#wire.maxLastN();
    if (this.#position !== undefined || maxLastN === undefined || this.#lastN <= maxLastN) return false;
    this.#wire.warn(
      this.#error("CLAMPED", `lastN is ${this.#lastN}, but the server keeps ${maxLastN} messages (-ring-buffer-size)`),
    );
    this.#lastN = maxLastN;
    this.ask();
    return true;
  }

  /** The connection is gone, and with it what was asked. */
  lost(): void {
    this.#isAsking = false;
    this.#isJoined = false;
  }

  /** Takes an event of the topic. */
  received(event: WireEvent): void {
    if (!this.#isJoined || this.#isLagging) return;
    if (this.#isAsking && this.#held.length >= MAX_HELD) return;
    this.#held.push(event);
    if (this.#isAsking) return;
    this.#held.sort((a, b) => a.offset - b.offset);
    // What does not fit is fetched when it is due. One place is for the event that came now.
    this.#held.splice(MAX_HELD + 1);
    // What is further on is kept until all before it has come.
    for (let next = this.#held[0]; next !== undefined && next.offset <= event.offset; next = this.#held[0]) {
      if (!this.#take(next)) return;
      this.#held.shift();
    }
  }

  /** Takes the server's word that it dropped events of the topic. */
  dropped(count: number, from: number, to: number): void {
    if (this.#isAsking || this.#isLagging) return;
    this.#startAt(from);
    const position = this.#position;
    if (position === undefined || to <= position.offset) return;
    if (!this.#wasAskedAfter(position)) this.#fetchLost();
    // Else they were fetched once, and dropped again. Where only some of these were, the next event shows which.
    else if (from === position.offset + 1 && count === to - from + 1) this.#skipTo(position, to);
  }

  /** Goes on after the sink was full. */
  resume(): void {
    if (!this.#isLagging) return;
    this.#isLagging = false;
    if (!this.#isAsking) this.ask();
  }

  /** The server has deleted the topic. What was said before the ack is about an earlier incarnation. */
  deleted(message: string): void {
    if (!this.#isJoined) return;
    const position = this.#position;
    // What was to be fetched is gone, too.
    if (position !== undefined && (this.#isAsking || this.#isLagging)) {
      this.#tell({ epoch: position.epoch, from: position.offset + 1, to: null, reason: "expired" });
    }
    this.end(this.#error("TOPIC_DELETED", message));
  }

  /** Ends it, for the application or for an error. */
  end(error?: RingcastError): void {
    if (this.#isOver) return;
    this.#isOver = true;
    if (error !== undefined && error.code !== "TOPIC_DELETED") this.#wire.warn(error);
    this.#held = [];
    this.#wire.forget();
    this.#settleReady(error);
    this.#settleEnded(error);
  }

  /** Asks for what the server dropped, once it has room: when the answer to a ping comes, all that was queued before has. */
  #fetchLost(): void {
    this.#isAsking = true;
    this.#wire.request({ type: "ping" }, () => this.ask());
  }

  #joined({ epoch = "", offset = 0, recovered }: WireMessage<"ack">): void {
    this.#isAsking = false;
    this.#isJoined = true;
    this.#settleReady();
    this.#isLagging ||= this.#sink.isFull();
    // What there is to tell is told when there is room for it.
    if (this.#isLagging) return;
    this.#wasRecovered = recovered !== false;
    const isLastN = this.#position === undefined;
    const position = this.#position ?? { epoch, offset: Math.max(0, offset - this.#lastN) };
    this.#position = position;
    if (position.epoch !== epoch || position.offset > offset) {
      this.#held = [];
      this.#position = { epoch, offset: 0 };
      this.#tell({ epoch: position.epoch, from: position.offset + 1, to: null, reason: "recreated" });
    }
    this.#asked = { since: this.#position.offset, until: offset, isLastN };
  }

  /** Starts at the first of the last messages that is there: the topic may hold fewer than were asked for. */
  #startAt(offset: number): void {
    const [asked, position] = [this.#asked, this.#position];
    if (position === undefined || asked?.isLastN !== true) return;
    const since = Math.max(asked.since, Math.min(offset - 1, asked.until));
    this.#position = { epoch: position.epoch, offset: since };
    this.#asked = { since, until: asked.until, isLastN: false };
  }

  /** Whether the last replay was to bring what follows a position, and brought nothing before. */
  #wasAskedAfter({ offset }: Position): boolean {
    return this.#asked?.since === offset && offset < this.#asked.until;
  }

  /** Returns whether it is done with an event, or has to see it again. */
  #take(event: WireEvent): boolean {
    this.#startAt(event.offset);
    const position = this.#position;
    if (position === undefined || event.offset <= position.offset) return true;
    if (this.#sink.isFull()) {
      this.#isLagging = true;
      this.#held = [];
      return false;
    }
    if (event.offset > position.offset + 1) {
      if (!this.#wasAskedAfter(position)) {
        this.#fetchLost();
        return false;
      }
      this.#skipTo(position, event.offset - 1);
      return !this.#isOver && this.#take(event);
    }
    this.#position = { epoch: position.epoch, offset: event.offset };
    this.#handOver(event, position.epoch);
    return !this.#isOver;
  }

  #handOver({ message, offset, text, ts }: WireEvent, epoch: string): void {
    const { parse } = this.#options;
    let payload: T;
    try {
      payload = check(this.#schema, parse === undefined ? message.payload : parse(payloadText(text)));
    } catch (error) {
      if (this.#isOver) return;
      this.#tell({ epoch, from: offset, to: offset, reason: "invalid", error });
      return;
    }
    // `parse` and schemas are the application's, too, and may have ended it.
    if (this.#isOver) return;
    this.#sink.event({ topic: this.topic, id: message.id, payload, epoch, offset, ts });
  }

  /** Gives up what lies before an offset, as far as it was asked for. */
  #skipTo({ epoch, offset }: Position, end: number): void {
    const to = Math.min(end, this.#asked?.until ?? end);
    this.#position = { epoch, offset: to };
    this.#tell({ epoch, from: offset + 1, to, reason: this.#wasRecovered ? "dropped" : "expired" });
  }

  #error(code: RingcastError["code"], message: string): RingcastError {
    return new RingcastError(code, message, { topic: this.topic });
  }

  #tell(gap: Omit<Gap, "topic">): void {
    this.#sink.gap({ topic: this.topic, ...gap });
  }
}
