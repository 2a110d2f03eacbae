import type { WebSocketHandler } from "bun";
import type { Clock } from "../core/clock.ts";
import type { Counters } from "../core/counters.ts";
import { CLOSE, Refusal } from "../protocol/errors.ts";
import { ANYBODY } from "./access/principal.ts";
import type { Connection } from "./connection.ts";
import type { Connections } from "./connections.ts";
import type { Dispatcher } from "./dispatch.ts";
import { type Socket, type SocketData, WebSocketTransport } from "./websocket-transport.ts";

/** The rules of the endpoint; each is an option of the server. */
export interface WebSocketOptions {
  readonly maxMessageSize: number;
  readonly enableCompression: boolean;
  readonly maxControlFramesPerSec: number;
}

/** What the endpoint works with. */
export interface WebSocketPorts {
  readonly connections: Connections;
  readonly dispatcher: Dispatcher;
  readonly clock: Clock;
  readonly counters: Pick<Counters, "receivedBytes">;
}

// Bun throws messages away past this limit. The outbox stops at the first sign of a full socket, so that no more
// than one message of ours and a few control frames ever lie there.
const BACKPRESSURE_RESERVE_BYTES = 1024 * 1024;

/** The WebSocket endpoint: turns what Bun calls into what sessions understand, and nothing else. */
export class WebSocketEndpoint {
  readonly #options: WebSocketOptions;
  readonly #ports: WebSocketPorts;

  constructor(options: WebSocketOptions, ports: WebSocketPorts) {
    this.#options = options;
    this.#ports = ports;
  }

  /** The handlers and settings for `Bun.serve`. */
  handlers(): WebSocketHandler<SocketData> {
    return {
      data: { address: "", principal: ANYBODY, connection: undefined },
      maxPayloadLength: this.#options.maxMessageSize,
      backpressureLimit: this.#options.maxMessageSize + BACKPRESSURE_RESERVE_BYTES,
      perMessageDeflate: this.#options.enableCompression,
      // Pings, and what becomes of peers that do not answer, are the heartbeat's.
      idleTimeout: 0,
      sendPings: false,
      open: (socket) => this.#open(socket),
      message: (socket, message) => this.#guard(socket, (connection) => this.#message(connection, message)),
      drain: (socket) => this.#guard(socket, (connection) => connection.session.drained()),
      ping: (socket) => this.#guard(socket, (connection) => this.#controlFrame(connection)),
      pong: (socket) => this.#guard(socket, (connection) => this.#pong(connection)),
      close: (socket, code, reason) => this.#close(socket, code, reason),
    };
  }

  #open(socket: Socket): void {
    const transport = new WebSocketTransport(socket, this.#options.enableCompression);
    socket.data.connection = this.#ports.connections.open(transport, socket.data);
  }

  #message(connection: Connection, message: string | Buffer): void {
    const { session } = connection;
    connection.heard = true;
    connection.requestCount++;
    connection.usage.requests++;
    this.#ports.counters.receivedBytes += Buffer.byteLength(message);
    // One that is being closed gets no more answers.
    if (!session.isOpen) return;
    if (typeof message === "string") this.#ports.dispatcher.dispatch(connection, message);
    else this.#ports.dispatcher.refuse(connection, undefined, new Refusal("BAD_REQUEST", "messages must be text"));
  }

  #pong(connection: Connection): void {
    connection.lastPongMs = this.#ports.clock.monotonicMs();
    this.#controlFrame(connection);
  }

  #controlFrame(connection: Connection): void {
    connection.heard = true;
    const now = this.#ports.clock.monotonicMs();
    if (now - connection.controlSecondMs >= 1000) {
      connection.controlSecondMs = now;
      connection.controlFrames = 0;
    }
    if (++connection.controlFrames > this.#options.maxControlFramesPerSec) {
      this.#ports.connections.noteRefusal(connection, "LIMIT_EXCEEDED", "too many control frames");
      connection.session.close(CLOSE.POLICY, "too many control frames");
    }
  }

  #close(socket: Socket, code: number, reason: string): void {
    const { connection } = socket.data;
    socket.data.connection = undefined;
    if (connection !== undefined) this.#ports.connections.closed(connection, { code, reason });
  }

  #guard(socket: Socket, handle: (connection: Connection) => void): void {
    const { connection } = socket.data;
    if (connection !== undefined) this.#ports.connections.guard(connection, handle);
  }
}
