import type { ServerResponse } from "node:http";
import type { Socket } from "node:net";
import type { Clock } from "../core/clock.ts";
import type { Connection, Peer } from "./connection.ts";
import type { Connections } from "./connections.ts";
import { EventStreamTransport, type StreamFormat } from "./event-stream-transport.ts";
import { peerKey, unacknowledgedBytes } from "./unacknowledged.ts";

export interface StreamPorts {
  readonly connections: Connections;
  /** For deadlines. */
  readonly clock: Clock;
  /** For what is shown. */
  readonly systemClock: Clock;
}

/** How far the machine at the other end of a stream has come with it. */
interface Progress {
  readonly transport: EventStreamTransport;
  readonly key: string;
  acknowledgedBytes: number;
  /** What the operating system had taken when the stream was last looked at. */
  takenBytes: number;
}

/** A stream to which nothing has been sent yet. */
export interface NewStream {
  readonly connection: Connection;
  /**
   * Sends the head of the response, and what comes first in its body. From then on its peer is looked after.
   * @param headers what is to stand in the head besides
   */
  begin(headers: Record<string, string>, preface: string): void;
  /** Lets go of the response, for another answer on it. */
  abandon(): void;
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
function sendHead(outgoing: ServerResponse, socket: Socket, headers: Record<string, string>): void {
  socket.setNoDelay(true).setTimeout(0).setKeepAlive(true, KEEP_ALIVE_MS);
  outgoing.removeHeader("Transfer-Encoding");
  outgoing.writeHead(200, { ...headers, ...HEADERS });
  outgoing.flushHeaders();
}

/** The responses without an end that are open, each the transport of a connection. */
export class Streams {
  readonly #pongWaitMs: number;
  readonly #ports: StreamPorts;
  readonly #open = new Map<Connection, Progress>();

  /** @param pongWaitMs how long a peer may let nothing be heard (`-pong-wait`) */
  constructor(pongWaitMs: number, ports: StreamPorts) {
    this.#pongWaitMs = pongWaitMs;
    this.#ports = ports;
  }

  /**
   * Opens a connection whose transport is a response.
   * @param outgoing the response; it must have its socket
   * @param gone called when the stream is gone
   */
  open(outgoing: ServerResponse, format: StreamFormat, peer: Peer, gone?: () => void): NewStream {
    const { connections } = this.#ports;
    const { socket } = outgoing;
    if (socket === null) throw new Error("the response has no socket yet");
    const transport = new EventStreamTransport(outgoing, socket, format, {
      drained: () => connections.guard(connection, ({ session }) => session.drained()),
      gone: (closing) => {
        this.#open.delete(connection);
        gone?.();
        connections.closed(connection, closing);
      },
    });
    const connection = connections.open(transport, peer);
    return {
      connection,
      begin: (headers, preface) => {
        const key = peerKey(socket.remoteAddress ?? "", socket.remotePort ?? 0);
        this.#open.set(connection, { transport, key, acknowledgedBytes: 0, takenBytes: 0 });
        sendHead(outgoing, socket, headers);
        transport.begin(preface);
      },
      abandon: () => transport.abandon(),
    };
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
    const isDue = ([{ lastHeardMs }, { transport, takenBytes }]: [Connection, Progress]) =>
      transport.takenBytes > takenBytes && now - lastHeardMs >= this.#pongWaitMs / 2;
    // The kernel's table is long where many are connected: it is read for all at once, and seldom.
    if (![...this.#open].some(isDue)) return;
    const unacknowledged = unacknowledgedBytes(localPort);
    for (const [connection, progress] of this.#open) {
      const { key, transport } = progress;
      const acknowledgedBytes = transport.takenBytes - (unacknowledged?.get(key) ?? 0);
      if (acknowledgedBytes > progress.acknowledgedBytes) {
        connection.heard = true;
        connection.lastPongMs = systemClock.monotonicMs();
        progress.acknowledgedBytes = acknowledgedBytes;
        progress.takenBytes = transport.takenBytes;
      }
    }
  }
}
