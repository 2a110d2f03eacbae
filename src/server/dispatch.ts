import type { Timestamps } from "../core/clock.ts";
import type { Hub } from "../core/hub.ts";
import type { Session } from "../core/session.ts";
import type { Topic } from "../core/topic.ts";
import type { Decode } from "../protocol/decode.ts";
import {
  encodeError,
  encodePong,
  encodeRefreshAck,
  encodeSubscribeAck,
  encodeUnsubscribeAck,
} from "../protocol/encode.ts";
import { Refusal } from "../protocol/errors.ts";
import type { PublishMemo } from "../protocol/publish-memo.ts";
import type {
  ClientMessage,
  PublishRequest,
  RefreshRequest,
  SubscribeRequest,
  UnsubscribeRequest,
} from "../protocol/requests.ts";
import { refusesClientId, refusesPublish, refusesSubscribe } from "./access/permissions.ts";
import type { Principal } from "./access/principal.ts";
import type { Tokens } from "./access/tokens.ts";
import type { Logger } from "./logger.ts";
import type { Journal } from "./system/journal.ts";

/** What the dispatcher works with. */
export interface DispatcherPorts {
  readonly hub: Hub;
  readonly decode: Decode;
  readonly timestamps: Timestamps;
  readonly logger: Logger;
  readonly tokens: Pick<Tokens, "verify">;
  readonly journal: Pick<Journal, "noteRefusal">;
  /** The random name of this process, by which clients see that it is not the one they knew. */
  readonly serverName: string;
  /** The most messages that a subscribe may ask for (`-ring-buffer-size`). */
  readonly maxLastN: number;
}

/** Who sends requests. */
export interface Client {
  readonly session: Session;
  /** Where it is connected from. */
  readonly address: string;
  principal: Principal;
  /** Whether a renewal of its token is under way. */
  renewing: boolean;
  /** What its publishes have in common. */
  readonly publishMemo: PublishMemo;
}

/** Carries out what clients ask for. Every request gets exactly one answer: ack, pong or error. */
export class Dispatcher {
  readonly #ports: DispatcherPorts;
  /** Asked once: below debug, a publish must not even build the object that would be logged. */
  readonly #logsRequests: boolean;

  constructor(ports: DispatcherPorts) {
    this.#ports = ports;
    this.#logsRequests = ports.logger.isLevelEnabled("debug");
  }

  /** Decodes one text message of a session, at `start` to `end` of the bytes, and answers it. */
  dispatch(client: Client, bytes: Buffer, start: number, end: number): void {
    const { session } = client;
    const request = this.#ports.decode(bytes, start, end, client.publishMemo);
    if (this.#logsRequests) this.#logRequest(client, request);
    switch (request.type) {
      case "publish":
        this.#publish(client, request);
        break;
      case "subscribe":
        this.#subscribe(client, request);
        break;
      case "unsubscribe":
        this.#unsubscribe(client, request);
        break;
      case "refresh":
        this.#refresh(client, request);
        break;
      case "ping":
        // A pong tells the client that it has got everything that was published before its ping.
        this.#ports.hub.settle(session);
        session.send(
          encodePong(request.requestIdJson, this.#ports.serverName, this.#ports.maxLastN, this.#ports.timestamps.now()),
        );
        break;
      case "invalid":
        this.refuse(client, request.requestIdJson, new Refusal("BAD_REQUEST", request.message));
        break;
    }
  }

  /** Answers a request with an error. */
  refuse({ address, session }: Client, requestIdJson: string | undefined, { code, message }: Refusal): void {
    this.#ports.hub.counters.errors[code]++;
    this.#ports.journal.noteRefusal(code, message, { client: session.id, address });
    session.send(encodeError(requestIdJson, code, message, this.#ports.timestamps.now()));
  }

  #publish(client: Client, request: PublishRequest): void {
    const { principal, session } = client;
    const { topic } = request;
    const published = refusesPublish(principal, topic) ?? this.#ports.hub.publish(topic, request, request);
    if (published instanceof Refusal) {
      this.refuse(client, requestIdOf(request), published);
    } else if (typeof published.offset === "number") {
      session.acknowledge(request, published.topic.log, published.offset, published.duplicate);
    } else {
      this.#acknowledgeLater(client, detached(request), published.topic, published.offset);
    }
  }

  #acknowledgeLater(client: Client, request: PublishRequest, { log }: Topic, offset: Promise<number>): void {
    const { session } = client;
    offset
      .then((own) => {
        // The ack has the time of the last look at the clock.
        this.#ports.timestamps.now();
        session.acknowledge(request, log, own, false);
      })
      .catch((error: unknown) => {
        this.#ports.logger.warn({ session: session.id, topic: log.topic.name, err: error }, "publish failed");
        this.refuse(client, requestIdOf(request), new Refusal("UNAVAILABLE", "the message could not be stored"));
      });
  }

  #subscribe(client: Client, request: SubscribeRequest): void {
    const { principal, session } = client;
    const subscribed =
      refusesSubscribe(principal, request.topic) ??
      refusesClientId(principal, request.clientId) ??
      this.#ports.hub.subscribe(session, request);
    if (subscribed instanceof Refusal) {
      this.refuse(client, request.requestIdJson, subscribed);
      return;
    }
    const { subscription, joined, replay } = subscribed;
    const { nameJson } = subscription.topic;
    session.send(encodeSubscribeAck(request.requestIdJson, nameJson, joined, this.#ports.timestamps.now()));
    // No publish can come in between: live events follow the replay, without a gap or a duplicate.
    if (replay !== undefined) session.deliver(replay, subscription, true);
  }

  #unsubscribe(client: Client, request: UnsubscribeRequest): void {
    const { principal, session } = client;
    const topic =
      refusesSubscribe(principal, request.topic) ??
      this.#ports.hub.unsubscribe(session, request.topic, request.clientId);
    if (topic instanceof Refusal) this.refuse(client, request.requestIdJson, topic);
    // The client must learn of its losses while it still knows which subscription they are of.
    else
      session.send(
        encodeUnsubscribeAck(request.requestIdJson, topic.nameJson, this.#ports.timestamps.now()),
        topic.log,
      );
  }

  #refresh(client: Client, request: RefreshRequest): void {
    const { session } = client;
    if (client.renewing) {
      this.refuse(client, request.requestIdJson, new Refusal("RATE_LIMITED", "another refresh is in progress"));
      return;
    }
    client.renewing = true;
    this.#renew(client, request.token)
      .then((renewed) => {
        if (renewed instanceof Refusal) this.refuse(client, request.requestIdJson, renewed);
        else session.send(encodeRefreshAck(request.requestIdJson, renewed, this.#ports.timestamps.now()));
      })
      .catch((error: unknown) => {
        this.#ports.logger.error({ session: session.id, err: error }, "refresh failed");
        this.refuse(client, request.requestIdJson, new Refusal("INTERNAL", "the token could not be checked"));
      })
      .finally(() => {
        client.renewing = false;
      });
  }

  /** Puts a new token in the place of the client's; returns when that one ends. */
  async #renew(client: Client, token: string): Promise<string | Refusal> {
    if (client.principal.life === undefined) {
      return new Refusal("BAD_REQUEST", "this connection was not opened with a token");
    }
    const principal = await this.#ports.tokens.verify(token);
    if (principal instanceof Refusal) return principal;
    if (principal.life === undefined || principal.clientId !== client.principal.clientId) {
      return new Refusal("FORBIDDEN", "the token belongs to another client");
    }
    for (const name of this.#ports.hub.topicNames(client.session)) {
      if (!principal.maySubscribe(name)) {
        return new Refusal("FORBIDDEN", `the token does not allow ${JSON.stringify(name)}; unsubscribe from it first`);
      }
    }
    client.principal = principal;
    return new Date(principal.life.expiresAtMs).toISOString();
  }

  #logRequest({ session }: Client, request: ClientMessage): void {
    const topic = "topic" in request ? request.topic : undefined;
    this.#ports.logger.debug({ session: session.id, type: request.type, topic }, "request");
  }
}

/** The request id's JSON text; undefined where none was given. */
function requestIdOf({ bytes, requestIdEnd, requestIdStart }: PublishRequest): string | undefined {
  return requestIdEnd < 0 ? undefined : bytes.toString("utf8", requestIdStart, requestIdEnd);
}

/** The same request, with bytes of its own, for a reply that comes later. */
function detached(request: PublishRequest): PublishRequest {
  return { ...request, bytes: Buffer.from(request.bytes) };
}
