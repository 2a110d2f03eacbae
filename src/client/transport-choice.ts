import type { TransportName } from "./options.ts";

/**
 * After how many failed tries HTTP is tried: at first, and where a WebSocket has worked before. There it is most likely the
 * server that is away, for half a minute or so, and not WebSockets that are blocked all at once.
 */
const TRIES_BEFORE_HTTP = 2;
const TRIES_BEFORE_HTTP_AGAIN = 12;

/** Chooses the transport of each try: the one that worked last, by turns with the other where it fails. */
export class TransportChoice {
  #preferred: TransportName | undefined;
  #transport: TransportName = "websocket";
  /** Tries in a row that nobody answered. */
  #failures = 0;

  /** The transport of the present try or link. */
  get transport(): TransportName {
    return this.#transport;
  }

  /** Chooses for the next try. */
  next(): TransportName {
    const leastFailures = { http: 0, websocket: TRIES_BEFORE_HTTP_AGAIN, none: TRIES_BEFORE_HTTP };
    const isHttp = this.#failures % 2 === 0 && this.#failures >= leastFailures[this.#preferred ?? "none"];
    this.#transport = isHttp ? "http" : "websocket";
    return this.#transport;
  }

  /** A transport works. */
  worked(transport: TransportName): void {
    this.#transport = transport;
    this.#preferred = transport;
    this.#failures = 0;
  }

  /** @param isRefusal whether the server itself has closed the link, so that it is no fault of the transport */
  failed(isRefusal: boolean): void {
    this.#failures = isRefusal ? 0 : this.#failures + 1;
  }
}
