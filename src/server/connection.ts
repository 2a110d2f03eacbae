import type { ServerWebSocket } from "bun";
import type { Hub } from "../core/hub.ts";
import { type Outgoing, textOf } from "../core/outbox.ts";
import type { Session } from "../core/session.ts";
import type { MessageSource, Transport } from "../core/transport.ts";
import type { CloseCode } from "../protocol/errors.ts";
import type { Principal, TokenLife } from "./access/principal.ts";

/** What Bun keeps with a socket: filled when it opens. */
export interface SocketData {
  readonly address: string;
  /** Who opened it, and what they may do. */
  readonly principal: Principal;
  connection: Connection | undefined;
}

export type Socket = ServerWebSocket<SocketData>;

/** One open WebSocket: the transport under a session, and what the server notes about the peer. */
export class Connection implements Transport {
  readonly kind = "websocket";
  /** Who the client is now: a token can be renewed in place. */
  principal: Principal;
  /** The token whose near end it was told of. */
  warnedOf: TokenLife | undefined;
  /** Whether a renewal of its token is under way. */
  renewing = false;
  readonly address: string;
  readonly openedAtMs: number;
  readonly session: Session;
  /** Requests that the client has sent. */
  requestCount = 0;
  /** Whether anything came since the heartbeat last looked. */
  heard = true;
  /** When the heartbeat last found that something had come, and when it is to ping next. */
  lastHeardMs: number;
  nextPingMs: number;
  /** Pings and pongs that came in the second that began at `controlSecondMs`. */
  controlFrames = 0;
  controlSecondMs = 0;
  readonly #socket: Socket;
  readonly #compresses: boolean;

  /**
   * @param hub where its session begins
   * @param pingIntervalMs when the first ping is due
   * @param compresses whether messages are compressed, if the client agreed to that
   */
  constructor(socket: Socket, hub: Hub, nowMs: number, pingIntervalMs: number, compresses: boolean) {
    this.#socket = socket;
    this.#compresses = compresses;
    this.principal = socket.data.principal;
    this.address = socket.data.address;
    this.openedAtMs = nowMs;
    this.lastHeardMs = nowMs;
    this.nextPingMs = nowMs + pingIntervalMs;
    this.session = hub.connect(this);
  }

  write(source: MessageSource): boolean {
    const first = source.next();
    if (first === undefined) return false;
    const second = source.next();
    // A lone message is sent plainly: corking costs extra there, and saves nothing (design notes, "how it is driven").
    if (second === undefined) return this.#send(first);
    this.#socket.cork(() => {
      this.#send(first);
      for (let message: Outgoing | undefined = second; message !== undefined; message = source.next()) {
        if (this.#send(message)) return;
      }
    });
    return this.bufferedBytes() > 0;
  }

  bufferedBytes(): number {
    return this.#socket.getBufferedAmount();
  }

  ping(): void {
    this.#socket.ping();
  }

  close(code: CloseCode, reason: string): void {
    this.#socket.close(code, reason);
  }

  terminate(): void {
    this.#socket.terminate();
  }

  /** Returns whether the socket is now backed up. */
  #send(message: Outgoing): boolean {
    const status = this.#socket.send(textOf(message), this.#compresses);
    // 0 means that Bun threw the message away. The queue stops long before Bun's own limit, so it is a defect here.
    if (status === 0 && this.#socket.readyState === WebSocket.OPEN) throw new Error("the socket dropped a message");
    return status < 0;
  }
}
