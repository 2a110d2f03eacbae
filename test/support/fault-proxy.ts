import { connect, createServer, type Server, type Socket } from "node:net";
import { deferred } from "../../src/client/deferred.ts";
import { within } from "./mailbox.ts";

/** How connections are cut: closed, reset, or in the middle of a frame that goes down to the client or up to the server. */
export type Cut = "close" | "reset" | "mid-frame down" | "mid-frame up";

/** A request for a WebSocket, in its first bytes. */
const UPGRADE = /^GET .*\r\nUpgrade: websocket\r\n/is;

interface Pair {
  readonly client: Socket;
  readonly server: Socket;
}

/** A TCP proxy that breaks connections on demand. It forwards bytes as they come, whatever they mean. */
export class FaultProxy implements AsyncDisposable {
  /** The port that connections are forwarded to; it may change, as when a server restarts elsewhere. */
  targetPort: number;
  readonly #server: Server;
  readonly #pairs = new Set<Pair>();
  /** What waits to break the next bytes that go one way. */
  #breakNext: { readonly way: "up" | "down"; readonly done: () => void } | undefined;
  #isStalled = false;
  readonly #blocksWebSockets: boolean;

  private constructor(server: Server, targetPort: number, blocksWebSockets: boolean) {
    this.#server = server;
    this.targetPort = targetPort;
    this.#blocksWebSockets = blocksWebSockets;
  }

  /** @param blocksWebSockets whether it refuses requests to upgrade, as some corporate proxies do */
  static async start(targetPort: number, blocksWebSockets = false): Promise<FaultProxy> {
    const server = createServer({ noDelay: true });
    const proxy = new FaultProxy(server, targetPort, blocksWebSockets);
    server.on("connection", (client) => proxy.#accept(client));
    const { promise, resolve } = deferred<void>();
    server.listen(0, "127.0.0.1", resolve);
    await within(promise, "the proxy's port");
    return proxy;
  }

  get port(): number {
    const address = this.#server.address();
    if (address === null || typeof address === "string") throw new Error("the proxy has no port");
    return address.port;
  }

  /** Cuts all connections; resolves when that is done, which in mid-frame is when the next frame comes. */
  async cut(how: Cut): Promise<void> {
    if (how === "close" || how === "reset") {
      this.#cutAll(how === "reset");
      return;
    }
    const { promise, resolve } = deferred<void>();
    this.#breakNext = { way: how === "mid-frame up" ? "up" : "down", done: resolve };
    await within(promise, `a frame to break (${how})`);
  }

  /** From now on forwards nothing, and lets nobody know. */
  stall(): void {
    this.#isStalled = true;
    for (const { client, server } of this.#pairs) {
      client.pause();
      server.pause();
    }
  }

  /** Forwards again, what was held back included. */
  resume(): void {
    this.#isStalled = false;
    for (const { client, server } of this.#pairs) {
      client.resume();
      server.resume();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#cutAll(false);
    const { promise, resolve } = deferred<void>();
    this.#server.close(() => resolve());
    await promise;
  }

  #accept(client: Socket): void {
    const server = connect({ host: "127.0.0.1", port: this.targetPort, noDelay: true });
    const pair = { client, server };
    this.#pairs.add(pair);
    client.on("data", (chunk: Buffer) => this.#forward(pair, "up", chunk));
    server.on("data", (chunk: Buffer) => this.#forward(pair, "down", chunk));
    for (const socket of [client, server]) {
      // A reset, or nobody who listens, shows as a close.
      socket.on("error", () => {});
      socket.on("close", () => this.#cut(pair, false));
      if (this.#isStalled) socket.pause();
    }
  }

  #forward(pair: Pair, way: "up" | "down", chunk: Buffer): void {
    if (this.#blocksWebSockets && way === "up" && UPGRADE.test(chunk.toString("latin1"))) {
      pair.client.end("HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
      return;
    }
    const [from, to] = way === "up" ? [pair.client, pair.server] : [pair.server, pair.client];
    if (this.#breakNext?.way === way) {
      const { done } = this.#breakNext;
      this.#breakNext = undefined;
      // All but the last byte: the last frame in it is whole but for its end.
      to.write(chunk.subarray(0, -1), () => {
        this.#cutAll(false);
        done();
      });
      return;
    }
    if (to.write(chunk)) return;
    from.pause();
    to.once("drain", () => {
      if (!this.#isStalled) from.resume();
    });
  }

  #cutAll(isReset: boolean): void {
    for (const pair of this.#pairs) this.#cut(pair, isReset);
  }

  #cut(pair: Pair, isReset: boolean): void {
    this.#pairs.delete(pair);
    for (const socket of [pair.client, pair.server]) {
      if (isReset) socket.resetAndDestroy();
      else socket.destroy();
    }
  }
}
