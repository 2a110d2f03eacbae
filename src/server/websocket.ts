import type { WebSocketHandler } from "bun";
import type { Clock } from "../core/clock.ts";
import type { Hub } from "../core/hub.ts";
import { CLOSE, Refusal } from "../protocol/errors.ts";
import { ANYBODY } from "./access/principal.ts";
import { Connection, type Socket, type SocketData } from "./connection.ts";
import type { Dispatcher } from "./dispatch.ts";
import type { FaultLog } from "./fault-log.ts";
import { beat, type HeartbeatOptions } from "./heartbeat.ts";
import type { Logger } from "./logger.ts";
import { enforceTokenLife } from "./token-life.ts";

/** The rules of the endpoint; each is an option of the server. */
export interface WebSocketOptions extends HeartbeatOptions {
  readonly maxMessageSize: number;
  readonly writeWaitMs: number;
  readonly enableCompression: boolean;
  readonly maxControlFramesPerSec: number;
}

/** What the endpoint works with. */
export interface WebSocketPorts {
  readonly hub: Hub;
  readonly dispatcher: Dispatcher;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly faults: FaultLog;
}

// Bun throws messages away past this limit. The outbox stops at the first sign of a full socket, so that no more
// than one message of ours and a few control frames ever lie there.
const BACKPRESSURE_RESERVE_BYTES = 1024 * 1024;

/** The WebSocket endpoint: turns what Bun calls into what sessions understand, and nothing else. */
export class WebSocketEndpoint {
  readonly #options: WebSocketOptions;
  readonly #ports: WebSocketPorts;
  readonly #connections = new Set<Connection>();
  readonly #withToken = new Set<Connection>();
  #onEmpty: (() => void) | undefined;

  constructor(options: WebSocketOptions, ports: WebSocketPorts) {
    this.#options = options;
    this.#ports = ports;
  }

  /** How many WebSockets are open. */
  get connectionCount(): number {
    return this.#connections.size;
  }

  /** Resolves when no WebSocket is open any more. */
  whenEmpty(): Promise<void> {
    if (this.#connections.size === 0) return Promise.resolve();
    return new Promise((resolve) => {
      this.#onEmpty = resolve;
    });
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
      pong: (socket) => this.#guard(socket, (connection) => this.#controlFrame(connection)),
      close: (socket, code, reason) => this.#close(socket, code, reason),
    };
  }

  /** Pings whom it is time to ping, and gives up the dead. To be called every so often. */
  sweep(): void {
    const now = this.#ports.clock.monotonicMs();
    for (const connection of this.#connections) {
      if (beat(connection, now, this.#options) === "alive") continue;
      this.#ports.logger.info({ session: connection.session.id }, "no answer to pings, connection given up");
      connection.session.terminate();
    }
  }

  /** Tells those whose token is about to end, and ends those whose token has ended. To be called often. */
  sweepTokens(): void {
    const nowMs = this.#ports.clock.wallMs();
    for (const connection of this.#withToken) enforceTokenLife(connection, nowMs, this.#options.writeWaitMs);
  }

  #open(socket: Socket): void {
    const { clock, hub, logger } = this.#ports;
    const { enableCompression, pingIntervalMs } = this.#options;
    const connection = new Connection(socket, hub, clock.monotonicMs(), pingIntervalMs, enableCompression);
    socket.data.connection = connection;
    this.#connections.add(connection);
    if (connection.principal.life !== undefined) this.#withToken.add(connection);
    const { address, principal, session } = connection;
    logger.info({ session: session.id, address, as: principal.name }, "client connected");
  }

  #message(connection: Connection, message: string | Buffer): void {
    const { session } = connection;
    connection.heard = true;
    connection.requestCount++;
    // One that is being closed gets no more answers.
    if (!session.isOpen) return;
    if (typeof message === "string") this.#ports.dispatcher.dispatch(connection, message);
    else this.#ports.dispatcher.refuse(session, undefined, new Refusal("BAD_REQUEST", "messages must be text"));
  }

  #controlFrame(connection: Connection): void {
    connection.heard = true;
    const now = this.#ports.clock.monotonicMs();
    if (now - connection.controlSecondMs >= 1000) {
      connection.controlSecondMs = now;
      connection.controlFrames = 0;
    }
    if (++connection.controlFrames > this.#options.maxControlFramesPerSec) {
      connection.session.close(CLOSE.POLICY, "too many control frames");
    }
  }

  #close(socket: Socket, code: number, reason: string): void {
    const { connection } = socket.data;
    if (connection === undefined) return;
    socket.data.connection = undefined;
    this.#connections.delete(connection);
    this.#withToken.delete(connection);
    const { clock, hub, logger } = this.#ports;
    const { session } = connection;
    const durationMs = Math.round(clock.monotonicMs() - connection.openedAtMs);
    const { requestCount } = connection;
    const counts = { requests: requestCount, subscriptions: hub.subscriptionCount(session) };
    logger.info({ session: session.id, code, reason, durationMs, ...counts }, "client disconnected");
    hub.disconnect(session);
    if (this.#connections.size === 0) this.#onEmpty?.();
  }

  /** The one entry for what clients cause: an exception here would end the process, so it ends the connection. */
  #guard(socket: Socket, handle: (connection: Connection) => void): void {
    const { connection } = socket.data;
    if (connection === undefined) return;
    try {
      handle(connection);
    } catch (error) {
      this.#ports.faults.record(error, { session: connection.session.id });
      connection.session.close(CLOSE.INTERNAL, "internal error");
    }
  }
}
