import type { ServerMessage } from "../protocol/messages.ts";
import { faultOfPublish, faultOfSubscribe } from "./arguments.ts";
import { Connection } from "./connection.ts";
import { type Deferred, deferred } from "./deferred.ts";
import { RingcastError, run } from "./errors.ts";
import type {
  ClientEvents,
  Published,
  PublishOptions,
  RingcastEvent,
  Settings,
  State,
  StreamOptions,
  SubscribeOptions,
} from "./options.ts";
import { Publisher } from "./publisher.ts";
import { check, type StandardSchema } from "./schema.ts";
import { type Answer, type Request, Sequence, type Sink } from "./sequence.ts";
import { Stream } from "./stream.ts";
import { type AnyTopics, type PayloadOf, type Topics, valueFor } from "./topics.ts";
import { Warnings } from "./warnings.ts";

/** The id of the request that asks who the server is; all others are numbers. */
const GREETING_ID = "hello";

/** A subscription with a handler. */
export interface Subscription {
  readonly topic: string;
  /**
   * Resolves when the server has agreed, or the application has ended it. Rejects with the error that ended it; if nobody
   * waits for it, that is no unhandled rejection, but a warning.
   */
  readonly ready: Promise<void>;
  /** Resolves when it has ended: with the error that ended it, or with undefined if the application did. */
  readonly ended: Promise<RingcastError | undefined>;
  /** Ends it. Its handler is not called again. */
  unsubscribe(): void;
}

/** A subscription to iterate over, once. Leaving the loop ends it. */
export interface EventStream<T> extends Subscription, AsyncIterable<RingcastEvent<T>> {}

type Listeners = { readonly [Type in keyof ClientEvents]: Set<(event: ClientEvents[Type]) => void> };

/**
 * A client of one server: any number of subscriptions and publishes over one connection, which it opens at the first of
 * them and keeps up. `In` has the types of the payloads that it publishes, by topic, and `Out` of those that it gets.
 */
export class Client<In extends Topics = AnyTopics, Out extends Topics = In> {
  readonly #settings: Settings;
  readonly #connection: Connection;
  readonly #publisher: Publisher;
  readonly #sequences = new Map<string, Set<Sequence>>();
  /** Who waits for which answer on this connection. */
  readonly #waiting = new Map<string, (answer: Answer) => void>();
  readonly #listeners: Listeners = { state: new Set(), gap: new Set(), warning: new Set() };
  readonly #warnings: Warnings;
  #lastId = 0;
  /** The most messages that the server replays; undefined while it has not said. */
  #maxLastN: number | undefined;
  /** Settles when the client is open or closed; there while `connect` waits for that. */
  #connected: Deferred<void> | undefined;
  /** Why nothing more is taken. */
  #refusal: RingcastError | undefined;
  #closing: Promise<void> | undefined;

  /** Use `connect`. */
  constructor(url: string, settings: Settings) {
    this.#settings = settings;
    this.#warnings = new Warnings((warning) => this.#emit("warning", warning), settings.platform.warn);
    this.#connection = new Connection(url, settings, {
      linked: () => this.#linked(),
      received: (message, text) => this.#received(message, text),
      lost: (code) => this.#lost(code),
      mayMove: () => settings.resend || this.#publisher.isEmpty,
      changed: (state) => this.#changed(state),
      warn: (warning) => this.#warnings.report(warning),
    });
    this.#publisher = new Publisher(
      settings,
      (text) => this.#connection.send(text),
      () => this.#connection.problem,
    );
  }

  /** What the connection is doing now. */
  get state(): State {
    return this.#connection.state;
  }

  /**
   * Connects now, instead of at the first subscribe or publish. Resolves when the server has answered; rejects with the
   * error that ended the client, such as `UNAUTHORIZED`; if nobody waits for it, that is no unhandled rejection, but a
   * warning. While there is no answer the client keeps trying.
   */
  connect(): Promise<void> {
    if (this.#refusal !== undefined) return handled(Promise.reject(this.#refusal));
    if (this.state.state === "open") return Promise.resolve();
    this.#connected ??= deferred<void>();
    const { promise } = this.#connected;
    // It may end the client at once.
    this.#connection.wake();
    return handled(promise);
  }

  /** Calls a listener for each event of a type from now on; returns what ends that. */
  on<Type extends keyof ClientEvents>(type: Type, listener: (event: ClientEvents[Type]) => void): () => void {
    const listeners: Listeners[Type] = this.#listeners[type];
    listeners.add(listener);
    return () => listeners.delete(listener);
  }

  /**
   * Publishes a message; during an outage, when there is a connection again. Resolves when the topic has taken it.
   * Rejects with a `RingcastError`: what the server said, or one of `ClientErrorCode`.
   */
  async publish<Topic extends string>(
    topic: Topic,
    payload: PayloadOf<In, Topic>,
    options: PublishOptions = {},
  ): Promise<Published> {
    const refusal = this.#refusal ?? faultOfPublish(topic, options);
    if (refusal !== undefined) throw refusal;
    const { dedupe = false, id, raw = false } = options ?? {};
    const payloadJson = this.#json(topic, payload, raw);
    const requestId = this.#nextId();
    const idJson = JSON.stringify(id ?? `${this.#settings.unique}-${requestId}`);
    const published = this.#publisher.publish(
      topic,
      requestId,
      `{"type":"publish","topic":${JSON.stringify(topic)},"message":{"id":${idJson},"payload":${payloadJson}},"dedupe":${dedupe}`,
    );
    this.#connection.wake();
    return published;
  }

  /**
   * Subscribes to a topic: calls the handler for each of its messages, in order. Without a handler, gives them to a
   * `for await` loop at the loop's own pace.
   */
  subscribe<T = unknown, Topic extends string = string>(
    topic: Topic,
    handler: (event: RingcastEvent<PayloadOf<Out, Topic, T>>) => void,
  ): Subscription;
  subscribe<T = unknown, Topic extends string = string>(
    topic: Topic,
    options: SubscribeOptions,
    handler: (event: RingcastEvent<PayloadOf<Out, Topic, T>>) => void,
  ): Subscription;
  subscribe<T = unknown, Topic extends string = string>(
    topic: Topic,
    options?: StreamOptions,
  ): EventStream<PayloadOf<Out, Topic, T>>;
  subscribe<T>(
    topic: string,
    optionsOrHandler: StreamOptions | ((event: RingcastEvent<T>) => void) = {},
    lastHandler?: (event: RingcastEvent<T>) => void,
  ): Subscription | EventStream<T> {
    const [options, handler] =
      typeof optionsOrHandler === "function" ? [{}, optionsOrHandler] : [optionsOrHandler ?? {}, lastHandler];
    const gap = (gap: ClientEvents["gap"]) => this.#emit("gap", gap);
    if (handler !== undefined) {
      const event = (event: RingcastEvent<T>) => run(() => handler(event));
      return handle(this.#add(topic, options, { isFull: () => false, event, gap }, handler));
    }
    const stream = new Stream<T>(options.maxBuffered ?? 1000, gap);
    const sequence = this.#add(topic, options, stream);
    return { ...handle(sequence), [Symbol.asyncIterator]: () => stream.read(sequence) };
  }

  /**
   * Takes no more publishes, waits until those made are answered, then ends all subscriptions and the connection.
   * @param drainMs the longest time to wait; what is unanswered then is rejected with `CLOSED`
   */
  close(drainMs = 5000): Promise<void> {
    this.#closing ??= this.#drainAndClose(drainMs);
    return this.#closing;
  }

  async #drainAndClose(drainMs: number): Promise<void> {
    this.#refusal ??= closedError();
    const { promise, resolve } = deferred<void>();
    const cancel = this.#settings.platform.after(drainMs, resolve);
    this.#publisher.whenEmpty(resolve);
    await promise;
    cancel();
    await this.#connection.close();
  }

  #add<T>(topic: string, options: SubscribeOptions, sink: Sink<T>, handler?: unknown): Sequence<T> {
    const wire = {
      request: (request: Request, answered: (answer: Answer) => void) => this.#request(request, answered),
      forget: () => this.#forget(sequence),
      maxLastN: () => this.#maxLastN,
      warn: (warning: RingcastError) => this.#warnings.report(warning),
    };
    const sequence = new Sequence<T>(topic, options, this.#schemaOf(topic), wire, sink);
    const refusal = this.#refusal ?? faultOfSubscribe(topic, options, handler);
    if (refusal !== undefined) {
      sequence.end(refusal);
      return sequence;
    }
    const others = this.#sequences.get(topic) ?? new Set();
    this.#sequences.set(topic, others.add(sequence));
    if (this.#connection.isLinked) sequence.ask();
    else this.#connection.wake();
    return sequence;
  }

  #forget(sequence: Sequence): void {
    const { topic } = sequence;
    const all = this.#sequences.get(topic);
    // The server knows one subscription a topic, which lasts as long as any of these.
    if (!all?.delete(sequence) || all.size > 0) return;
    this.#sequences.delete(topic);
    this.#request({ type: "unsubscribe", topic });
  }

  #request(request: Request, answered?: (answer: Answer) => void): void {
    const id = this.#nextId();
    const signed = { ...request, client_id: this.#settings.clientId, request_id: id };
    if (this.#connection.send(JSON.stringify(signed)) && answered) this.#waiting.set(id, answered);
  }

  #nextId(): string {
    return String(++this.#lastId);
  }

  #schemaOf(topic: string): StandardSchema | undefined {
    return valueFor(this.#settings.schemas, topic);
  }

  /** The payload as JSON. The schema only checks it: what it makes of it is the subscribers' affair. */
  #json(topic: string, payload: unknown, isRaw: boolean): string {
    try {
      const json = isRaw ? String(payload) : JSON.stringify(payload);
      check(this.#schemaOf(topic), isRaw ? JSON.parse(json) : payload);
      // TypeScript says that it is always a text; of undefined it is not.
      if (typeof json === "string") return json;
      throw new TypeError("not a JSON value");
    } catch (error) {
      const message = error instanceof RingcastError ? error.message : String(error);
      throw new RingcastError("INVALID_PAYLOAD", message, { cause: error, topic });
    }
  }

  #all(): Sequence[] {
    return [...this.#sequences.values()].flatMap((sequences) => [...sequences]);
  }

  #linked(): void {
    // Answers come in order, so this one comes before any other.
    this.#waiting.set(GREETING_ID, (answer) => {
      if (answer.type !== "pong") return;
      this.#maxLastN = answer.max_last_n;
      this.#publisher.opened(answer.server);
    });
    this.#connection.send(`{"type":"ping","request_id":"${GREETING_ID}"}`);
    for (const sequence of this.#all()) sequence.ask();
  }

  #lost(code: number): boolean {
    this.#waiting.clear();
    const sequences = this.#all();
    for (const sequence of sequences) sequence.lost();
    this.#publisher.lost(code);
    return sequences.length > 0 || !this.#publisher.isEmpty;
  }

  #changed(state: State): void {
    if (state.state === "open") {
      this.#connected?.resolve();
      this.#connected = undefined;
    }
    if (state.state === "closed") {
      if (state.error !== undefined) this.#warnings.report(state.error);
      this.#refusal ??= state.error;
      this.#connected?.reject(this.#refusal ?? closedError());
      this.#waiting.clear();
      this.#publisher.end(state.error ?? closedError());
      for (const sequence of this.#all()) sequence.end(state.error);
    }
    // Not at once: a listener may do anything to this client.
    queueMicrotask(() => this.#emit("state", state));
  }

  #received(message: ServerMessage, text: string): void {
    switch (message.type) {
      case "event":
        for (const sequence of this.#to(message.topic)) sequence.received({ ...message, text });
        break;
      case "ack":
      case "error":
      case "pong":
        this.#answered(message);
        break;
      case "info":
        this.#informed(message);
        break;
    }
  }

  #answered(answer: Answer): void {
    const { request_id: requestId = "" } = answer;
    if (this.#publisher.answered(requestId, answer)) return;
    const answered = this.#waiting.get(requestId);
    this.#waiting.delete(requestId);
    answered?.(answer);
  }

  #informed({ info, topic = "" }: Extract<ServerMessage, { type: "info" }>): void {
    switch (info.code) {
      case "MESSAGES_DROPPED":
        for (const sequence of this.#to(topic)) {
          sequence.dropped(info.dropped, info.from_offset, info.to_offset);
        }
        break;
      case "TOPIC_DELETED":
        for (const sequence of this.#to(topic)) sequence.deleted(info.message);
        break;
      case "TOKEN_EXPIRING":
        this.#connection.renewToken();
        break;
      case "SERVER_SHUTDOWN":
        // The close that follows says the same.
        break;
    }
  }

  #to(topic: string): Iterable<Sequence> {
    return this.#sequences.get(topic) ?? [];
  }

  /** Returns whether anybody listens. */
  #emit<Type extends keyof ClientEvents>(type: Type, event: ClientEvents[Type]): boolean {
    const listeners: Listeners[Type] = this.#listeners[type];
    for (const listener of [...listeners]) run(() => listener(event));
    return listeners.size > 0;
  }
}

/** A promise whose rejection is reported in another way if nobody waits for it. */
function handled(promise: Promise<void>): Promise<void> {
  promise.catch(() => {});
  return promise;
}

function closedError(): RingcastError {
  return new RingcastError("CLOSED", "the client is closed");
}

function handle(sequence: Sequence): Subscription {
  const { ended, ready, topic } = sequence;
  return { topic, ready, ended, unsubscribe: () => sequence.end() };
}
