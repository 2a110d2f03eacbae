import type { ServerMessage } from "../protocol/messages.ts";
import { faultOfPublish, faultOfSubscribe } from "./arguments.ts";
import { CHECK_ID, Connection } from "./connection.ts";
import { deferred } from "./deferred.ts";
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
import { readMessage } from "./read-message.ts";
import {
  check,
  type NoSchemas,
  type PublishedTo,
  type ReceivedFrom,
  type Schemas,
  type StandardSchema,
} from "./schema.ts";
import { type Answer, type Request, Sequence, type Sink } from "./sequence.ts";
import { Stream } from "./stream.ts";

/** The id of the request that asks who the server is; all others are numbers. */
const GREETING_ID = "hello";

/** A subscription with a handler. */
export interface Subscription {
  readonly topic: string;
  /** Resolves when the server has agreed, or the application has ended it; rejects with what the server said. */
  readonly ready: Promise<void>;
  /** Resolves when it has ended: with the error that ended it, or with undefined if the application did. */
  readonly ended: Promise<RingcastError | undefined>;
  /** Ends it. Its handler is not called again. */
  unsubscribe(): void;
}

/** A subscription to iterate over, once. Leaving the loop ends it. */
export interface EventStream<T> extends Subscription, AsyncIterable<RingcastEvent<T>> {}

type Listeners = { readonly [Type in keyof ClientEvents]: Set<(event: ClientEvents[Type]) => void> };

/** A client of one server: any number of subscriptions and publishes over one connection, which it keeps up. */
export class Client<S extends Schemas = NoSchemas> {
  readonly #settings: Settings;
  readonly #connection: Connection;
  readonly #publisher: Publisher;
  readonly #sequences = new Map<string, Set<Sequence>>();
  /** Who waits for which answer on this connection. */
  readonly #waiting = new Map<string, (answer: Answer) => void>();
  readonly #listeners: Listeners = { state: new Set(), gap: new Set() };
  #lastId = 0;
  /** Why nothing more is taken. */
  #refusal: RingcastError | undefined;
  #closing: Promise<void> | undefined;

  /** Use `connect`. */
  constructor(url: string, settings: Settings) {
    this.#settings = settings;
    this.#connection = new Connection(url, settings, {
      opened: () => this.#opened(),
      received: (text) => this.#received(text),
      lost: (code) => this.#lost(code),
      changed: (state) => this.#changed(state),
    });
    this.#publisher = new Publisher(settings, (text) => this.#connection.send(text));
    this.#connection.wake();
  }

  /** What the connection is doing now. */
  get state(): State {
    return this.#connection.state;
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
    payload: PublishedTo<S, Topic>,
    options: PublishOptions = {},
  ): Promise<Published> {
    const refusal = this.#refusal ?? faultOfPublish(topic, options);
    if (refusal !== undefined) throw refusal;
    const { dedupe = false, id, raw = false } = options;
    const payloadJson = this.#json(topic, payload, raw);
    const requestId = this.#nextId();
    const idJson = JSON.stringify(id ?? `${this.#settings.unique}-${requestId}`);
    const published = this.#publisher.publish(
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
    handler: (event: RingcastEvent<ReceivedFrom<S, Topic, T>>) => void,
  ): Subscription;
  subscribe<T = unknown, Topic extends string = string>(
    topic: Topic,
    options: SubscribeOptions,
    handler: (event: RingcastEvent<ReceivedFrom<S, Topic, T>>) => void,
  ): Subscription;
  subscribe<T = unknown, Topic extends string = string>(
    topic: Topic,
    options?: StreamOptions,
  ): EventStream<ReceivedFrom<S, Topic, T>>;
  subscribe<T>(
    topic: string,
    optionsOrHandler: StreamOptions | ((event: RingcastEvent<T>) => void) = {},
    lastHandler?: (event: RingcastEvent<T>) => void,
  ): Subscription | EventStream<T> {
    const [options, handler] =
      typeof optionsOrHandler === "function" ? [{}, optionsOrHandler] : [optionsOrHandler, lastHandler];
    const gap = (gap: ClientEvents["gap"]) => this.#emit("gap", gap);
    if (handler !== undefined) {
      const event = (event: RingcastEvent<T>) => run(() => handler(event));
      return handle(this.#add(topic, options, { isFull: () => false, event, gap }));
    }
    const stream = new Stream<T>(options.maxBuffered ?? 1000, gap);
    const sequence = this.#add(topic, options, stream);
    // The loop throws it.
    sequence.ready.catch(() => {});
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
    this.#refusal ??= new RingcastError("CLOSED", "the client is closed");
    const { promise, resolve } = deferred<void>();
    const cancel = this.#settings.platform.after(drainMs, resolve);
    this.#publisher.whenEmpty(resolve);
    await promise;
    cancel();
    await this.#connection.close();
  }

  #add<T>(topic: string, options: SubscribeOptions, sink: Sink<T>): Sequence<T> {
    const wire = {
      request: (request: Request, answered: (answer: Answer) => void) => this.#request(request, answered),
      forget: () => this.#forget(sequence),
    };
    const sequence = new Sequence<T>(topic, options, this.#schemaOf(topic), wire, sink);
    const refusal = this.#refusal ?? faultOfSubscribe(topic, options);
    if (refusal !== undefined) {
      sequence.end(refusal);
      return sequence;
    }
    const others = this.#sequences.get(topic) ?? new Set();
    this.#sequences.set(topic, others.add(sequence));
    if (this.state.state === "open") sequence.ask();
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
    const { schemas } = this.#settings;
    return Object.hasOwn(schemas, topic) ? schemas[topic] : undefined;
  }

  /** The payload as JSON. The schema only checks it: what it makes of it is the subscribers' affair. */
  #json(topic: string, payload: unknown, isRaw: boolean): string {
    try {
      const json = isRaw ? String(payload) : JSON.stringify(payload);
      check(this.#schemaOf(topic), isRaw ? JSON.parse(json) : payload);
      // TypeScript says that it is always a text; of undefined it is not.
      if (typeof json === "string") return json;
      throw new TypeError("JSON has no such value");
    } catch (error) {
      throw error instanceof RingcastError ? error : new RingcastError("INVALID_PAYLOAD", String(error), error);
    }
  }

  #all(): Sequence[] {
    return [...this.#sequences.values()].flatMap((sequences) => [...sequences]);
  }

  #opened(): void {
    // Answers come in order, so this one comes before any other.
    this.#waiting.set(GREETING_ID, (answer) => {
      if (answer.type === "pong") this.#publisher.opened(answer.server);
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
    if (state.state === "closed") {
      this.#refusal ??= state.error;
      this.#waiting.clear();
      this.#publisher.end(state.error ?? new RingcastError("CLOSED", "the client is closed"));
      for (const sequence of this.#all()) sequence.end(state.error);
    }
    // Not at once: a listener may do anything to this client.
    queueMicrotask(() => this.#emit("state", state));
  }

  #received(text: string): void {
    const message = readMessage(text);
    if (message === undefined) {
      this.#connection.fail("the server sent an invalid message");
      return;
    }
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
    if (requestId === CHECK_ID) this.#connection.confirm();
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
        for (const sequence of this.#to(topic)) sequence.end(new RingcastError(info.code, info.message));
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

  #emit<Type extends keyof ClientEvents>(type: Type, event: ClientEvents[Type]): void {
    const listeners: Listeners[Type] = this.#listeners[type];
    for (const listener of [...listeners]) run(() => listener(event));
  }
}

function handle(sequence: Sequence): Subscription {
  const { ended, ready, topic } = sequence;
  return { topic, ready, ended, unsubscribe: () => sequence.end() };
}
