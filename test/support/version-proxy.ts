import { once } from "node:events";
import type { IncomingMessage } from "node:http";
import { WebSocket, WebSocketServer } from "ws";

type Message = Readonly<Record<string, unknown>>;

/** What becomes of messages on their way; one may become several, or none. */
export interface Versions {
  readonly up: (request: Message) => readonly Message[];
  readonly down: (message: Message) => readonly Message[];
}

function closeCode(code: number): number {
  // 1005 and 1006 stand for the absence of a code (RFC 6455, section 7.4.1).
  return code === 1005 || code === 1006 ? 1011 : code;
}

/** A proxy between the SDK and a server that makes either of them look older or newer than it is. */
export class VersionProxy implements AsyncDisposable {
  readonly #server: WebSocketServer;

  private constructor(server: WebSocketServer) {
    this.#server = server;
  }

  /** @param target the server's WebSocket */
  static async start(target: string, versions: Versions): Promise<VersionProxy> {
    const server = new WebSocketServer({ host: "127.0.0.1", port: 0, path: "/ws" });
    server.on("connection", (client, request) => join(client, request, target, versions));
    await once(server, "listening");
    return new VersionProxy(server);
  }

  get url(): string {
    const address = this.#server.address();
    if (address === null || typeof address === "string") throw new Error("the proxy has no port");
    return `ws://127.0.0.1:${address.port}/ws`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const client of this.#server.clients) client.terminate();
    const closed = once(this.#server, "close");
    this.#server.close();
    await closed;
  }
}

function join(client: WebSocket, { headers }: IncomingMessage, target: string, { down, up }: Versions): void {
  const protocols = (headers["sec-websocket-protocol"] ?? "").split(",").map((name) => name.trim());
  const server = new WebSocket(target, protocols);
  const forward = (from: WebSocket, to: WebSocket, change: Versions["up"]) => {
    from.on("message", (data) => {
      for (const message of change(JSON.parse(String(data)))) {
        if (to.readyState === WebSocket.OPEN) to.send(JSON.stringify(message));
      }
    });
    from.on("error", () => to.terminate());
    from.on("close", (code, reason) => {
      if (code === 1006) to.terminate();
      else to.close(closeCode(code), reason);
    });
  };
  forward(server, client, down);
  client.pause();
  server.on("open", () => client.resume());
  forward(client, server, up);
}
