import type { ServerWebSocket } from "bun";
import { type Outgoing, textOf } from "../core/outbox.ts";
import type { MessageSource, Transport } from "../core/transport.ts";
import type { CloseCode } from "../protocol/errors.ts";
import type { Connection, Peer } from "./connection.ts";

/** What Bun keeps with a socket: the connection is there once it has opened. */
export interface SocketData extends Peer {
  connection: Connection | undefined;
}

export type Socket = ServerWebSocket<SocketData>;

/** One WebSocket under a session. */
export class WebSocketTransport implements Transport {
  readonly kind = "websocket";
  readonly #socket: Socket;
  readonly #compresses: boolean;

  /** @param compresses whether messages are compressed, if the client agreed to that */
  constructor(socket: Socket, compresses: boolean) {
    this.#socket = socket;
    this.#compresses = compresses;
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
