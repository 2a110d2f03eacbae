import type { Exchange, Protocol } from "../wire/protocol.ts";

const ANSWER_TIMEOUT_MS = 15_000;

/** One raw TCP connection to the server under test. */
export class Connection {
  /** Called with each chunk that arrives. */
  onChunk: (chunk: Buffer) => void = () => {};
  /** Called when the connection ends without having been closed here. */
  onLost: () => void = () => {};
  #socket: Bun.Socket<Connection> | undefined;
  /** What the socket did not take yet. */
  #unsent: Buffer[] = [];
  #closed = false;

  /** Connects, with TLS where asked for, and goes through the peer's login. */
  static async open(port: number, { login }: Pick<Protocol, "login">, tls = false): Promise<Connection> {
    const connection = new Connection();
    const { promise: encrypted, resolve: onEncrypted, reject: onRefused } = Promise.withResolvers<void>();
    if (!tls) onEncrypted();
    connection.onLost = () => onRefused(new Error("the server closed the connection"));
    connection.#socket = await Bun.connect<Connection>({
      hostname: "127.0.0.1",
      port,
      data: connection,
      // The certificate is self-signed.
      ...(tls ? { tls: { rejectUnauthorized: false } } : {}),
      socket: {
        handshake: () => onEncrypted(),
        data: (socket, chunk) => socket.data.onChunk(chunk),
        drain: (socket) => socket.data.#flush(),
        close: (socket) => socket.data.#ended(),
        error: (socket) => socket.data.#ended(),
      },
    });
    await encrypted;
    connection.onLost = () => {};
    for (const exchange of login) await connection.exchange(exchange);
    return connection;
  }

  /** Sends, and waits for the answer. What follows the answer in the same chunk is lost: only for quiet connections. */
  async exchange({ send, expect }: Exchange): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    let received = "";
    const fail = (why: string) => reject(new Error(`${why}; wanted ${expect}, received ${received.slice(0, 300)}`));
    const timer = setTimeout(fail, ANSWER_TIMEOUT_MS, "no answer in time");
    const { onLost, onChunk } = this;
    this.onLost = () => fail("the server closed the connection");
    this.onChunk = (chunk) => {
      received += chunk.toString("latin1");
      if (received.includes(expect)) resolve();
    };
    this.write(send);
    try {
      await promise;
    } finally {
      clearTimeout(timer);
      this.onLost = onLost;
      this.onChunk = onChunk;
    }
  }

  /** Sends bytes; the buffer may be used again at once. */
  write(bytes: Uint8Array): void {
    const taken = this.#unsent.length > 0 ? 0 : this.#offer(bytes);
    if (taken < bytes.length) this.#unsent.push(Buffer.from(bytes.subarray(taken)));
  }

  /** Stops reading for good: the server's data stays in the kernel's buffers until they are full. */
  stall(): void {
    this.#socket?.pause();
  }

  /** Ends the connection at once. */
  close(): void {
    this.#closed = true;
    this.#socket?.terminate();
  }

  #offer(bytes: Uint8Array): number {
    return this.#closed ? bytes.length : Math.max(0, this.#socket?.write(bytes) ?? 0);
  }

  #flush(): void {
    while (this.#unsent.length > 0) {
      const first = this.#unsent[0] ?? Buffer.alloc(0);
      const taken = this.#offer(first);
      if (taken < first.length) {
        this.#unsent[0] = first.subarray(taken);
        return;
      }
      this.#unsent.shift();
    }
  }

  #ended(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.onLost();
  }
}

/** Makes `count` things, at most `atOnce` at a time, in order of their numbers. */
export async function makeMany<T>(count: number, atOnce: number, make: (index: number) => Promise<T>): Promise<T[]> {
  const made: T[] = new Array(count);
  let next = 0;
  const worker = async () => {
    while (next < count) {
      const index = next++;
      made[index] = await make(index);
    }
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, count) }, worker));
  return made;
}
