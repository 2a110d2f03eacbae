import type { ServerResponse } from "node:http";
import type { Timestamps } from "../core/clock.ts";
import type { Hub, Subscribed } from "../core/hub.ts";
import { encodeInfo, encodeSubscribeAck } from "../protocol/encode.ts";
import { Refusal } from "../protocol/errors.ts";
import { encodeRetry } from "../protocol/event-stream.ts";
import type { Position } from "../protocol/messages.ts";
import type { Connection, Peer } from "./connection.ts";
import type { Streams } from "./streams.ts";
import { TopicsFormat } from "./topics-format.ts";

/** How long clients are told to wait before they come back; each a little differently, lest all come at once. */
const RETRY_MS = 1000;
const RETRY_SPREAD_MS = 500;

/** What a client asks a stream for. */
export interface StreamWish {
  readonly topics: readonly string[];
  /** The label of its subscriptions; undefined: one that is made. */
  readonly clientId: string | undefined;
  readonly lastN: number;
  /** Where it left off in each topic; undefined: it was never there. */
  readonly since: readonly Position[] | undefined;
}

export interface EventStreamPorts {
  readonly hub: Hub;
  readonly streams: Streams;
  readonly timestamps: Timestamps;
}

/** A topic that a client has joined, and where it had left off there. */
interface Joined {
  readonly subscribed: Subscribed;
  readonly since: Position | undefined;
}

/** The offset of the first event that a subscriber gets. */
function firstOffset({ joined, replay }: Subscribed): number {
  return replay?.fromOffset ?? joined.offset + 1;
}

/** Clients that subscribe by server-sent events: sessions like any other, over a transport of their own. */
export class EventStreams {
  readonly #ports: EventStreamPorts;

  constructor(ports: EventStreamPorts) {
    this.#ports = ports;
  }

  /**
   * Subscribes a client to all that it wishes for, and sends it the events on a response; or refuses, whole.
   * @param outgoing the response; it must have its socket
   * @param headers what is to stand in its head besides
   */
  open(peer: Peer, wish: StreamWish, outgoing: ServerResponse, headers: Record<string, string>): Refusal | undefined {
    const format = new TopicsFormat();
    const stream = this.#ports.streams.open(outgoing, format, peer);
    const joined = this.#subscribe(stream.connection, format, wish);
    if (joined instanceof Refusal) {
      stream.abandon();
      return joined;
    }
    stream.begin(headers, encodeRetry(RETRY_MS + Math.floor(Math.random() * RETRY_SPREAD_MS)));
    this.#welcome(stream.connection, joined);
    return undefined;
  }

  #subscribe(connection: Connection, format: TopicsFormat, wish: StreamWish): readonly Joined[] | Refusal {
    const { session } = connection;
    const clientId = wish.clientId ?? `sse-${session.id}`;
    const all: Joined[] = [];
    for (const [index, topic] of wish.topics.entries()) {
      const since = wish.since?.[index];
      const subscribed = this.#ports.hub.subscribe(session, { topic, clientId, lastN: wish.lastN, since });
      if (subscribed instanceof Refusal) return subscribed;
      format.track(subscribed.subscription.topic.log, firstOffset(subscribed) - 1);
      all.push({ subscribed, since });
    }
    return all;
  }

  #welcome({ session }: Connection, all: readonly Joined[]): void {
    // The acks of all come first: each has the whole id, with which a client can come back that got no further.
    for (const { subscribed } of all) {
      const ts = this.#ports.timestamps.now();
      session.send(encodeSubscribeAck(undefined, subscribed.subscription.topic.nameJson, subscribed.joined, ts));
    }
    for (const { since, subscribed } of all) {
      if (since !== undefined && !subscribed.joined.recovered) session.send(this.#missed(subscribed, since));
      const { replay, subscription } = subscribed;
      if (replay !== undefined) session.deliver(replay, subscription, true);
    }
  }

  /** The notice of what a client missed that came back too late, or to another incarnation of a topic. */
  #missed(subscribed: Subscribed, since: Position): string {
    const { joined, subscription } = subscribed;
    const isKnown = since.epoch === joined.epoch && since.offset <= joined.offset;
    return encodeInfo(
      subscription.topic.name,
      {
        code: "MESSAGES_MISSED",
        message: isKnown
          ? "some messages are no longer in the topic's history"
          : "the topic was recreated, or never had the offset that you sent",
        epoch: joined.epoch,
        from_offset: isKnown ? since.offset + 1 : 1,
        to_offset: firstOffset(subscribed) - 1,
        since,
      },
      this.#ports.timestamps.now(),
    );
  }
}
