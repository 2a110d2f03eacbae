import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { CLOSE, type ErrorCode } from "../protocol/errors.ts";
import { acceptUpgrade, negotiateDeflate } from "../websocket/handshake.ts";
import { WebSocketConnection, type WebSocketHandler } from "../websocket/web-socket.ts";
import type { Principal } from "./access/principal.ts";
import type { FaultLog } from "./fault-log.ts";
import type { Admission } from "./http/admission.ts";
import { answerOnSocket } from "./http/answer.ts";
import { offersSubprotocol, SUBPROTOCOL } from "./http/credentials.ts";
import { errorAnswer, HttpRefusal } from "./http/errors.ts";
import { type Refusals, UNREADABLE_HEAD } from "./http/refusals.ts";
import { headerOf, type RequestHead, readHead } from "./http/request-head.ts";
import { refusesHandshake } from "./http/upgrade.ts";
import type { WebSocketEndpoint } from "./websocket.ts";

/**
 * With what a client that speaks `ringcast.v1` is closed in place of a status, which browsers show to no page. Those that
 * are missing here are mistakes of the client's, not of who uses it.
 */
const CLOSE_CODES: Partial<Record<ErrorCode, number>> = {
  UNAUTHORIZED: CLOSE.UNAUTHORIZED,
  FORBIDDEN: CLOSE.CUT_OFF,
  RATE_LIMITED: CLOSE.TRY_AGAIN_LATER,
  UNAVAILABLE: CLOSE.TRY_AGAIN_LATER,
};

/** The reason of a close frame: the message, and when to come back (docs/protocol.md, "Close codes"). */
function closeReason({ message, retryMs }: HttpRefusal): string {
  return retryMs === undefined ? message : `${message}; retry after ${retryMs} ms`;
}

/** Hears nothing: for a WebSocket that is closed as soon as it is open. */
const DEAF: WebSocketHandler = {
  text() {},
  binary() {},
  fragment() {},
  ping() {},
  pong() {},
  inputEnd() {},
  drained() {},
  closed() {},
  failed() {},
};

/** One for all sockets: a closure would keep each request alive as long as its connection. */
function destroyOnError(this: Duplex): void {
  this.destroy();
}

/** What upgrades are decided by, and handed over to. */
export interface UpgradePorts {
  readonly admission: Admission;
  readonly refusals: Refusals;
  readonly endpoint: WebSocketEndpoint;
  readonly faults: FaultLog;
}

/** Takes requests for a WebSocket: refuses them, or hands their sockets over. */
export class WebSocketUpgrade {
  readonly #enableCompression: boolean;
  readonly #ports: UpgradePorts;

  constructor({ enableCompression }: { readonly enableCompression: boolean }, ports: UpgradePorts) {
    this.#enableCompression = enableCompression;
    this.#ports = ports;
  }

  /** Serves one request for a WebSocket; never throws. */
  handle(incoming: IncomingMessage, socket: Duplex, first: Buffer, address: string): void {
    // Until the socket is taken over: an error without a listener would end the process.
    socket.on("error", destroyOnError);
    this.#serve(incoming, socket, first, address).catch((error: unknown) => {
      this.#ports.faults.record(error, { method: incoming.method, url: incoming.url });
      socket.destroy();
    });
  }

  async #serve(incoming: IncomingMessage, socket: Duplex, first: Buffer, address: string): Promise<void> {
    const head = readHead(incoming, address);
    if (head === undefined) {
      this.#ports.refusals.note(address, UNREADABLE_HEAD);
      answerOnSocket(socket, errorAnswer(UNREADABLE_HEAD.code, UNREADABLE_HEAD.message));
      return;
    }
    const { admission, endpoint } = this.#ports;
    const principal = await admission.admit(head);
    // The client may have gone while its token was checked.
    if (socket.destroyed) return;
    if (principal instanceof HttpRefusal) {
      this.#refuse(incoming, socket, first, head, principal);
      return;
    }
    const refusal = refusesHandshake(head) ?? admission.admitConnection(head);
    if (refusal !== undefined) {
      this.#refuse(incoming, socket, first, head, refusal, principal);
      return;
    }
    const deflate = this.#accept(incoming, socket, head);
    endpoint.open(socket, first, deflate, { address, principal });
    socket.off("error", destroyOnError);
  }

  /** Agrees to the upgrade; returns whether messages are compressed. */
  #accept(incoming: IncomingMessage, socket: Duplex, head: RequestHead): boolean {
    const offer = headerOf(head, "sec-websocket-extensions");
    const deflate = this.#enableCompression ? negotiateDeflate(offer) : undefined;
    acceptUpgrade(socket, incoming, {
      ...(offersSubprotocol(head) ? { protocol: SUBPROTOCOL } : {}),
      ...(deflate === undefined ? {} : { deflate }),
    });
    return deflate !== undefined;
  }

  #refuse(
    incoming: IncomingMessage,
    socket: Duplex,
    first: Buffer,
    head: RequestHead,
    refusal: HttpRefusal,
    principal?: Principal,
  ): void {
    const answer = this.#ports.refusals.answer(head, refusal, principal);
    const closeCode = CLOSE_CODES[refusal.code];
    if (closeCode === undefined || !offersSubprotocol(head) || refusesHandshake(head) !== undefined) {
      answerOnSocket(socket, answer);
      return;
    }
    acceptUpgrade(socket, incoming, { protocol: SUBPROTOCOL });
    const webSocket = new WebSocketConnection(socket, first, { maxMessageBytes: 0, deflate: false }, DEAF);
    webSocket.close(closeCode, closeReason(refusal));
  }
}
