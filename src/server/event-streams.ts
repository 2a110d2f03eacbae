import type { Clock, Timestamps } from "../core/clock.ts";
import type { Hub, Subscribed } from "../core/hub.ts";
import { encodeInfo, encodeSubscribeAck } from "../protocol/encode.ts";
import { Refusal } from "../protocol/errors.ts";
import { encodeRetry } from "../protocol/event-stream.ts";
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

/** Whose stream it is. */
export interface StreamPeer extends Peer {
  /** The port at the other end of the socket. */
  readonly port: number;
  /** Where the socket itself comes from; a proxy's, where there is one. */
  readonly socketAddress: string;
  /** Aborted when the client goes away. */
  readonly signal: AbortSignal;
}

export interface EventStreamPorts {
  readonly hub: Hub;
  readonly connections: Connections;
  readonly clock: Clock;
  readonly timestamps: Timestamps;
}

/** An open stream, and how far its peer's machine has come with it. */
interface OpenStream {
  readonly transport: EventStreamTransport;
  readonly key: string;
  acknowledgedBytes: number;
  /** What had been written when it was last looked at. */
  writtenBytes: number;
}

const HEADERS = {
  "Content-Type": "text/event-stream",
  "Cache-Control": "no-store",
  // nginx would gather what it should pass on.
  "X-Accel-Buffering": "no",
  // When the stream ends, so does what its client has of a connection.
  Connection: "close",
};

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

  /** Subscribes a client to all that it wishes for, and makes the answer on which the events come; or refuses, whole. */
  open(peer: StreamPeer, wish: StreamWish): Response | Refusal {
    const { connections } = this.#ports;
    const preface = encodeRetry(RETRY_MS + Math.floor(Math.random() * RETRY_SPREAD_MS));
    const transport = new EventStreamTransport(preface, {
      drained: () => connections.guard(connection, ({ session }) => session.drained()),
      gone: (closing) => {
        this.#open.delete(connection);
        connections.closed(connection, closing);
      },
    });
    const connection = connections.open(transport, peer);
    const key = peerKey(peer.socketAddress, peer.port);
    this.#open.set(connection, { transport, key, acknowledgedBytes: 0, writtenBytes: 0 });
    const refusal = this.#subscribe(connection, transport, wish);
    if (refusal !== undefined) {
      connection.session.terminate();
      return refusal;
    }
    // Bun cancels a stream that it has begun to send; of one that it has not, only the request tells.
    peer.signal.addEventListener("abort", () => transport.abandon());
    return new Response(transport.body(), { headers: HEADERS });
  }

  /**
   * Looks which peers are there. A stream brings no answers, so what tells is that the peer's machine acknowledges what it
   * is sent, the heartbeat's comments if nothing else. To be called every so often, before the heartbeat.
   * @param localPort the port that the streams come in at
   */
  sweep(localPort: number): void {
    const now = this.#ports.clock.monotonicMs();
    const isDue = ([{ lastHeardMs }, { transport, writtenBytes }]: [Connection, OpenStream]) =>
      transport.writtenBytes > writtenBytes && now - lastHeardMs >= this.#pongWaitMs / 2;
    // The kernel's table is long where many are connected: it is read for all at once, and seldom.
    if (![...this.#open].some(isDue)) return;
    const unacknowledged = unacknowledgedBytes(localPort);
    for (const [connection, stream] of this.#open) {
      const { key, transport } = stream;
      const acknowledgedBytes = transport.writtenBytes - (unacknowledged?.get(key) ?? 0);
      if (acknowledgedBytes > stream.acknowledgedBytes) {
        connection.heard = true;
        stream.acknowledgedBytes = acknowledgedBytes;
        stream.writtenBytes = transport.writtenBytes;
      }
    }
  }

  #subscribe(connection: Connection, transport: EventStreamTransport, wish: StreamWish): Refusal | undefined {
    const { session } = connection;
    const clientId = wish.clientId ?? `sse-${session.id}`;
    const all: { readonly subscribed: Subscribed; readonly since: Position | undefined }[] = [];
    for (const [index, topic] of wish.topics.entries()) {
      const since = wish.since?.[index];
      const subscribed = this.#ports.hub.subscribe(session, { topic, clientId, lastN: wish.lastN, since });
      if (subscribed instanceof Refusal) return subscribed;
      const { joined, replay } = subscribed;
      const offset = (replay[0]?.offset ?? joined.offset + 1) - 1;
      transport.track(topic, { epoch: joined.epoch, offset });
      all.push({ subscribed, since });
    }
    // The acks of all come first: each has the whole id, with which a client can come back that got no further.
    for (const { subscribed } of all) {
      const ts = this.#ports.timestamps.now();
      session.send(encodeSubscribeAck(undefined, subscribed.topic.nameJson, subscribed.joined, ts));
    }
    for (const { since, subscribed } of all) {
      if (since !== undefined && !subscribed.joined.recovered) session.send(this.#missed(subscribed, since));
      for (const event of subscribed.replay) session.send(event);
    }
    return undefined;
  }

  /** The notice of what a client missed that came back too late, or to another incarnation of a topic. */
  #missed({ joined, replay, topic }: Subscribed, since: Position): string {
    const isKnown = since.epoch === joined.epoch && since.offset <= joined.offset;
    return encodeInfo(
      topic.name,
      {
        code: "MESSAGES_MISSED",
        message: isKnown
          ? "the topic no longer holds all that came in between"
          : "the topic has begun anew, or never was where you left off",
        epoch: joined.epoch,
        from_offset: isKnown ? since.offset + 1 : 1,
        to_offset: (replay[0]?.offset ?? joined.offset + 1) - 1,
        since,
      },
      this.#ports.timestamps.now(),
    );
  }
}
