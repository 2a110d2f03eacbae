/** What the limit sees of a socket of `node:net`. */
export interface AcceptedSocket {
  readonly localAddress?: string | undefined;
  readonly localPort?: number | undefined;
  readonly remoteAddress?: string | undefined;
  readonly remotePort?: number | undefined;
  readonly destroyed: boolean;
  destroy(): unknown;
  once(event: "close", listener: (this: AcceptedSocket) => void): unknown;
}

/** What a connection is known by, on each object that stands for it. */
type Key = AcceptedSocket | string;

/** Names a connection by both of its ends. TLS hands requests over on another object than the one that was accepted. */
function endsOf({ localAddress, localPort, remoteAddress, remotePort }: AcceptedSocket): string {
  return `${remoteAddress} ${remotePort} ${localAddress} ${localPort}`;
}

/**
 * Bounds all connections of a server, whatever comes on them, so that there is a descriptor for the next one. At the bound
 * the connection that has been silent longest since it was accepted makes room; if there is none, those that idle between
 * two requests do; and if there are none either, the new one is closed.
 */
export class AcceptLimit {
  readonly #maxSockets: number;
  readonly #isTls: boolean;
  readonly #closeIdle: () => void;
  readonly #open = new Map<AcceptedSocket, Key>();
  /** Those on which nothing has been asked yet, oldest first. */
  readonly #silent = new Map<Key, AcceptedSocket>();
  /** One listener for all sockets: one each would cost every connection memory. */
  readonly #onClose: (this: AcceptedSocket) => void;
  #closedCount = 0;

  /**
   * @param maxSockets the most that may be open at a time
   * @param isTls whether requests come on another object than the socket that was accepted
   * @param closeIdle closes the connections that idle between two requests
   */
  constructor(maxSockets: number, isTls: boolean, closeIdle: () => void) {
    this.#maxSockets = maxSockets;
    this.#isTls = isTls;
    this.#closeIdle = closeIdle;
    const closed = (socket: AcceptedSocket) => this.#closed(socket);
    this.#onClose = function () {
      closed(this);
    };
  }

  /** How many are open. */
  get count(): number {
    return this.#open.size;
  }

  /** How many were closed because there was no room. */
  get closedCount(): number {
    return this.#closedCount;
  }

  /** Takes note of a socket that was accepted. */
  accepted(socket: AcceptedSocket): void {
    if (this.#open.has(socket)) return;
    if (this.#open.size >= this.#maxSockets && !this.#makeRoom()) {
      this.#closedCount++;
      socket.destroy();
      return;
    }
    const key = this.#keyOf(socket);
    this.#open.set(socket, key);
    this.#silent.set(key, socket);
    socket.once("close", this.#onClose);
  }

  /** Takes note that something was asked on a connection. */
  asked(socket: AcceptedSocket): void {
    if (this.#silent.size > 0) this.#silent.delete(this.#keyOf(socket));
  }

  /** Closes all. */
  closeAll(): void {
    for (const socket of [...this.#open.keys()]) socket.destroy();
  }

  #keyOf(socket: AcceptedSocket): Key {
    return this.#isTls ? endsOf(socket) : socket;
  }

  #closed(socket: AcceptedSocket): void {
    const key = this.#open.get(socket);
    if (key === undefined) return;
    this.#open.delete(socket);
    if (this.#silent.get(key) === socket) this.#silent.delete(key);
  }

  #makeRoom(): boolean {
    const [oldest] = this.#silent;
    if (oldest !== undefined) {
      const [key, socket] = oldest;
      this.#closedCount++;
      this.#silent.delete(key);
      this.#open.delete(socket);
      socket.destroy();
      return true;
    }
    this.#closeIdle();
    // Their events come later, but their descriptors are closed in this turn.
    for (const socket of [...this.#open.keys()]) {
      if (!socket.destroyed) continue;
      this.#closedCount++;
      this.#open.delete(socket);
    }
    return this.#open.size < this.#maxSockets;
  }
}
