import type { Duplex } from "node:stream";
import type { Clock } from "../core/clock.ts";
import type { Hub } from "../core/hub.ts";
import { CLOSE, Refusal } from "../protocol/errors.ts";
import { WebSocketConnection, type WebSocketHandler } from "../websocket/web-socket.ts";
import type { Connection, Peer } from "./connection.ts";
import type { Connections } from "./connections.ts";
import type { Dispatcher } from "./dispatch.ts";
import { WebSocketTransport } from "./websocket-transport.ts";

/** The rules of the endpoint; each is an option of the server. */
export interface WebSocketOptions {
  readonly maxMessageSize: number;
  readonly maxControlFramesPerSec: number;
}

/** What the endpoint works with. */
export interface WebSocketPorts {
  readonly connections: Connections;
  readonly dispatcher: Dispatcher;
  /** For deadlines. */
  readonly clock: Clock;
  /** For what is shown. */
  readonly systemClock: Clock;
  readonly hub: Pick<Hub, "counters" | "inputStart" | "inputEnd">;
}

/** A large message may come in many fragments; so many count as one control frame, lest empty ones come without end. */
const FRAGMENTS_PER_CONTROL_FRAME = 100;
const NOT_TEXT = new Refusal("BAD_REQUEST", "messages must be text");

/** One client on a WebSocket: turns what comes on its socket into what its session understands. */
class WebSocketClient implements WebSocketHandler {
  readonly #endpoint: WebSocketEndpoint;
  readonly #transport: WebSocketTransport;
  readonly #connection: Connection;

  constructor(endpoint: WebSocketEndpoint, socket: Duplex, head: Buffer, deflate: boolean, peer: Peer) {
    this.#endpoint = endpoint;
    const options = { maxMessageBytes: endpoint.options.maxMessageSize, deflate };
    const webSocket = new WebSocketConnection(socket, head, options, this);
    this.#transport = new WebSocketTransport(socket, webSocket, deflate);
    this.#connection = endpoint.ports.connections.open(this.#transport, peer);
  }

  text(bytes: Buffer, start: number, end: number): void {
    this.#countRequest(end - start);
    const { dispatcher, hub } = this.#endpoint.ports;
    hub.inputStart();
    // One that is being closed gets no more replies.
    if (this.#connection.session.isOpen) dispatcher.dispatch(this.#connection, bytes, start, end);
  }

  binary(_bytes: Buffer, start: number, end: number): void {
    this.#countRequest(end - start);
    const { dispatcher } = this.#endpoint.ports;
    if (this.#connection.session.isOpen) dispatcher.refuse(this.#connection, undefined, NOT_TEXT);
  }

  fragment(): void {
    this.#countControl(1 / FRAGMENTS_PER_CONTROL_FRAME);
  }

  ping(): void {
    this.#countControl(1);
  }

  pong(): void {
    this.#connection.lastPongMs = this.#endpoint.ports.systemClock.monotonicMs();
    this.#countControl(1);
  }

  inputEnd(): void {
    this.#endpoint.ports.hub.inputEnd();
  }

  drained(): void {
    this.#endpoint.ports.connections.guard(this.#connection, ({ session }) => session.drained());
  }

  closed(code: number, reason: string): void {
    this.#endpoint.ports.connections.closed(this.#connection, this.#transport.closing ?? { code, reason });
  }

  failed(error: unknown): void {
    this.#endpoint.ports.connections.failed(this.#connection, error);
  }

  #countRequest(length: number): void {
    const connection = this.#connection;
    connection.heard = true;
    connection.requestCount++;
    connection.usage.requests++;
    this.#endpoint.ports.hub.counters.receivedBytes += length;
  }

  #countControl(weight: number): void {
    const connection = this.#connection;
    const { clock, connections } = this.#endpoint.ports;
    connection.heard = true;
    const now = clock.monotonicMs();
    if (now - connection.controlSecondMs >= 1000) {
      connection.controlSecondMs = now;
      connection.controlFrames = 0;
    }
    connection.controlFrames += weight;
    if (connection.controlFrames > this.#endpoint.options.maxControlFramesPerSec) {
      connections.noteRefusal(connection, "LIMIT_EXCEEDED", "too many control frames (-max-control-frames-per-sec)");
      connection.session.close(CLOSE.POLICY, "too many control frames (-max-control-frames-per-sec)");
    }
  }
}

/** The WebSocket endpoint: serves the sockets whose upgrade has been agreed on. */
export class WebSocketEndpoint {
  readonly options: WebSocketOptions;
  readonly ports: WebSocketPorts;

  constructor(options: WebSocketOptions, ports: WebSocketPorts) {
    this.options = options;
    this.ports = ports;
  }

  /**
   * Serves a socket.
   * @param head what came with the request already
   * @param deflate whether messages are compressed
   */
  open(socket: Duplex, head: Buffer, deflate: boolean, peer: Peer): void {
    new WebSocketClient(this, socket, head, deflate, peer);
  }
}
