import { once } from "node:events";
import type { Server } from "node:http";
import { createAdaptorServer } from "@hono/node-server";

/** Answers a request of a test. */
export type Answer = (request: Request) => Response | Promise<Response>;

/** An HTTP server on loopback that a test answers for. End it with `await using`. */
export class LoopbackServer implements AsyncDisposable {
  readonly url: URL;
  readonly #server: Server;

  private constructor(server: Server, port: number) {
    this.#server = server;
    this.url = new URL(`http://127.0.0.1:${port}`);
  }

  static async start(answer: Answer): Promise<LoopbackServer> {
    const server = createAdaptorServer({ fetch: answer, overrideGlobalObjects: false });
    if (!("closeAllConnections" in server)) throw new Error("it is not an HTTP/1.1 server");
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const address = server.address();
    if (address === null || typeof address === "string") throw new Error("the server has no port");
    return new LoopbackServer(server, address.port);
  }

  get port(): number {
    return Number(this.url.port);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = once(this.#server, "close");
    this.#server.close();
    this.#server.closeAllConnections();
    await closed;
  }
}
