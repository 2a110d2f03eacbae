import type { ServerResponse } from "node:http";
import type { Socket } from "node:net";
import type { Clock, Timestamps } from "../core/clock.ts";
import type { Hub, Subscribed } from "../core/hub.ts";
import { encodeInfo, encodeSubscribeAck } from "../protocol/encode.ts";
import { Refusal } from "../protocol/errors.ts";
import type { Position } from "../protocol/messages.ts";
import type { Connection, Peer } from "./connection.ts";
import type { Connections } from "./connections.ts";
import { EventStreamTransport } from "./event-stream-transport.ts";
import { peerKey, unacknowledgedBytes } from "./unacknowledged.ts";

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
  readonly connections: Connections;
  /** For deadlines. */
  readonly clock: Clock;
  /** For what is shown. */
  readonly systemClock: Clock;
  readonly timestamps: Timestamps;
}

/** An open stream, and how far its peer's machine has come with it. */
interface OpenStream {
  readonly transport: EventStreamTransport;
  readonly key: string;
  acknowledgedBytes: number;
  /** What the operating system had taken when the stream was last looked at. */
  takenBytes: number;
}

/** A topic that a client has joined, and where it had left off there. */
interface Joined {
  readonly subscribed: Subscribed;
  readonly since: Position | undefined;
}

const HEADERS = {
  "Content-Type": "text/event-stream",
  // No proxy may compress it, which would delay events.
  "Cache-Control": "no-store, no-transform",
  // nginx would gather what it should pass on.
  "X-Accel-Buffering": "no",
  // The end of the connection is the end of the stream: its bytes go out as they are, not in chunks.
  Connection: "close",
};
/** From when on the system looks for peers that are silent, where nothing is on its way to them. */
const KEEP_ALIVE_MS = 15_000;

/** Sends the head of a response that has no end, and takes its socket over. */
function begin(outgoing: ServerResponse, socket: Socket, headers: Record<string, string>): void {
  socket.setNoDelay(true).setTimeout(0).setKeepAlive(true, KEEP_ALIVE_MS);
  outgoing.removeHeader("Transfer-Encoding");
  outgoing.writeHead(200, { ...headers, ...HEADERS });
  outgoing.flushHeaders();
}

/** The offset of the first event that a subscriber gets. */
function firstOffset({ joined, replay }: Subscribed): number {
  return replay?.fromOffset ?? joined.offset + 1;
}

/** Clients that subscribe by server-sent events: sessions like any other, over a transport of their own. */
export class EventStreams {
  readonly #pongWaitMs: number;
  readonly #ports: EventStreamPorts;
  readonly #open = new Map<Connection, OpenStream>();

  /** @param pongWaitMs how long a peer may let nothing be heard (`-pong-wait`) */
  constructor(pongWaitMs: number, ports: EventStreamPorts) {
    this.#pongWaitMs = pongWaitMs;
    this.#ports = ports;
  }

  /** How many are open. */
  get count(): number {
    return this.#open.size;
  }

  /**
   * Subscribes a client to all that it wishes for, and sends it the events on a response; or refuses, whole.
   * @param outgoing the response; it must have its socket
   * @param headers what is to stand in its head besides
   */
  open(peer: Peer, wish: StreamWish, outgoing: ServerResponse, headers: Record<string, string>): Refusal | undefined {
    const { connections } = this.#ports;
    const { socket } = outgoing;
    if (socket === null) throw new Error("the response has no socket yet");
    const retryMs = RETRY_MS + Math.floor(Math.random() * RETRY_SPREAD_MS);
    const transport = new EventStreamTransport(outgoing, socket, retryMs, {
      drained: () => connections.guard(connection, ({ session }) => session.drained()),
      gone: (closing) => {
        this.#open.delete(connection);
        connections.closed(connection, closing);
      },
    });
    const connection = connections.open(transport, peer);
    const joined = this.#subscribe(connection, transport, wish);
    if (joined instanceof Refusal) {
      transport.abandon();
      return joined;
    }
    const key = peerKey(socket.remoteAddress ?? "", socket.remotePort ?? 0);
    this.#open.set(connection, { transport, key, acknowledgedBytes: 0, takenBytes: 0 });
    begin(outgoing, socket, headers);
    this.#welcome(connection, joined);
    return undefined;
  }

  /**
   * Looks which peers are there. A stream brings no replies, so what tells is that the peer's machine acknowledges what it
   * is sent, the heartbeat's comments if nothing else. The system's own keep-alive does not serve: it is silent while
   * anything is on its way, and retries for a quarter of an hour. To be called every so often, before the heartbeat.
   * @param localPort the port that the streams come in at
   */
  sweep(localPort: number): void {
    const { clock, systemClock } = this.#ports;
    const now = clock.monotonicMs();
    const isDue = ([{ lastHeardMs }, { transport, takenBytes }]: [Connection, OpenStream]) =>
      transport.takenBytes > takenBytes && now - lastHeardMs >= this.#pongWaitMs / 2;
    // The kernel's table is long where many are connected: it is read for all at once, and seldom.
    if (![...this.#open].some(isDue)) return;
    const unacknowledged = unacknowledgedBytes(localPort);
    for (const [connection, stream] of this.#open) {
      const { key, transport } = stream;
      const acknowledgedBytes = transport.takenBytes - (unacknowledged?.get(key) ?? 0);
      if (acknowledgedBytes > stream.acknowledgedBytes) {
        connection.heard = true;
        connection.lastPongMs = systemClock.monotonicMs();
        stream.acknowledgedBytes = acknowledgedBytes;
        stream.takenBytes = transport.takenBytes;
      }
    }
  }

  #subscribe(connection: Connection, transport: EventStreamTransport, wish: StreamWish): readonly Joined[] | Refusal {
    const { session } = connection;
    const clientId = wish.clientId ?? `sse-${session.id}`;
    const all: Joined[] = [];
    for (const [index, topic] of wish.topics.entries()) {
      const since = wish.since?.[index];
      const subscribed = this.#ports.hub.subscribe(session, { topic, clientId, lastN: wish.lastN, since });
      if (subscribed instanceof Refusal) return subscribed;
      transport.track(subscribed.subscription.topic.log, firstOffset(subscribed) - 1);
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
          ? "the topic no longer holds all that came in between"
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
