import type { Timestamps } from "../core/clock.ts";
import type { Hub } from "../core/hub.ts";
import type { Session } from "../core/session.ts";
import type { Topic } from "../core/topic.ts";
import type { Decode } from "../protocol/decode.ts";
import {
  encodeError,
  encodePong,
  encodePublishAck,
  encodeRefreshAck,
  encodeSubscribeAck,
  encodeUnsubscribeAck,
} from "../protocol/encode.ts";
import { Refusal } from "../protocol/errors.ts";
import type { PublishRequest, RefreshRequest, SubscribeRequest, UnsubscribeRequest } from "../protocol/messages.ts";
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
}

/** Who sends requests. */
export interface Client {
  readonly session: Session;
  /** Where it is connected from. */
  readonly address: string;
  principal: Principal;
  /** Whether a renewal of its token is under way. */
  renewing: boolean;
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

  /** Decodes one text message of a session and answers it. */
  dispatch(client: Client, text: string): void {
    const { session } = client;
    const request = this.#ports.decode(text);
    if (this.#logsRequests) this.#logRequest(session, request.type, "topic" in request ? request.topic : undefined);
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
        session.send(encodePong(request.requestIdJson, this.#ports.serverName, this.#ports.timestamps.now()));
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
    const { requestIdJson, topic: name } = request;
    const published = refusesPublish(principal, name) ?? this.#ports.hub.publish(name, request, request);
    if (published instanceof Refusal) {
      this.refuse(client, requestIdJson, published);
    } else if (typeof published.offset === "number") {
      this.#acknowledge(session, requestIdJson, published.topic, published.offset, published.duplicate);
    } else {
      const { offset, topic } = published;
      offset
        .then((own) => this.#acknowledge(session, requestIdJson, topic, own, false))
        .catch((error: unknown) => {
          this.#ports.logger.warn({ session: session.id, topic: topic.name, err: error }, "publish failed");
          this.refuse(client, requestIdJson, new Refusal("UNAVAILABLE", "the message could not be stored"));
        });
    }
  }

  #acknowledge(
    session: Session,
    requestIdJson: string | undefined,
    topic: Topic,
    offset: number,
    duplicate: boolean,
  ): void {
    session.send(encodePublishAck(requestIdJson, topic.nameJson, offset, duplicate, this.#ports.timestamps.now()));
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
    const { topic, joined, replay } = subscribed;
    session.send(encodeSubscribeAck(request.requestIdJson, topic.nameJson, joined, this.#ports.timestamps.now()));
    // No publish can come in between: what is live follows what is replayed, without a gap or a duplicate.
    for (const event of replay) session.send(event);
  }

  #unsubscribe(client: Client, request: UnsubscribeRequest): void {
    const { principal, session } = client;
    const topic =
      refusesSubscribe(principal, request.topic) ??
      this.#ports.hub.unsubscribe(session, request.topic, request.clientId);
    if (topic instanceof Refusal) this.refuse(client, request.requestIdJson, topic);
    else session.send(encodeUnsubscribeAck(request.requestIdJson, topic.nameJson, this.#ports.timestamps.now()));
  }

  #refresh(client: Client, request: RefreshRequest): void {
    const { session } = client;
    if (client.renewing) {
      this.refuse(client, request.requestIdJson, new Refusal("RATE_LIMITED", "another refresh is under way"));
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
      return new Refusal("BAD_REQUEST", "this connection did not come with a token");
    }
    const principal = await this.#ports.tokens.verify(token);
    if (principal instanceof Refusal) return principal;
    if (principal.life === undefined || principal.clientId !== client.principal.clientId) {
      return new Refusal("FORBIDDEN", "the token is another client's");
    }
    for (const name of this.#ports.hub.topicNames(client.session)) {
      if (!principal.maySubscribe(name)) {
        return new Refusal("FORBIDDEN", `the token does not allow ${JSON.stringify(name)}; unsubscribe from it first`);
      }
    }
    client.principal = principal;
    return new Date(principal.life.expiresAtMs).toISOString();
  }

  #logRequest(session: Session, type: string, topic: string | undefined): void {
    this.#ports.logger.debug({ session: session.id, type, topic }, "request");
  }
}
