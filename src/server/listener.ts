import { createServer, type IncomingMessage, type Server, type ServerOptions, type ServerResponse } from "node:http";
import { createServer as createTlsServer, Server as TlsServer } from "node:https";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import type { Config } from "../config/options.ts";
import { AcceptLimit } from "./accept-limit.ts";
import type { Certificate } from "./certificate.ts";
import { clientAddress } from "./client-address.ts";
import { answerClientError } from "./client-error.ts";
import { withoutUpgrade } from "./declined-upgrade.ts";
import type { HttpHandler } from "./http/handler.ts";
import { WEBSOCKET_PATH } from "./http/paths.ts";
import type { WebSocketUpgrade } from "./websocket-upgrade.ts";

/** No address to listen on: why, in one line. */
export class ListenError extends Error {}

const LISTEN_ERRORS: Record<string, string> = {
  EADDRINUSE: "the address is already in use",
  EACCES: "permission denied",
  EADDRNOTAVAIL: "this machine has no such address",
  ENOTFOUND: "the host is unknown",
  EAI_AGAIN: "the host is unknown",
};

/** The most bytes of a request's head; tokens in it are bounded by less (`MAX_ISSUED_TOKEN_CHARS`). */
const MAX_HEAD_BYTES = 32 * 1024;
/** How often Node looks for requests that take too long to arrive; at most, and as a share of the shortest time. */
const MAX_CHECK_MS = 1000;
const CHECK_SHARE = 0.25;

export type ListenOptions = Pick<Config, "host" | "port" | "idleTimeoutMs" | "readTimeoutMs" | "trustProxy">;

/** What is done with what comes in. */
export interface ListenerPorts {
  readonly http: HttpHandler;
  readonly upgrade: WebSocketUpgrade;
  /** The most sockets that may be open. */
  readonly maxSockets: number;
}

function errorCode(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : "";
}

function listenError(host: string, port: number, error: unknown): ListenError {
  const reason = LISTEN_ERRORS[errorCode(error)] ?? (error instanceof Error ? error.message : String(error));
  return new ListenError(`cannot listen on ${host === "" ? "" : `${host} `}port ${port}: ${reason}`);
}

/** Resolves with the port that a server listens on. */
function listen(server: Server, host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen({ host, port }, () => {
      server.off("error", reject);
      const address = server.address();
      resolve(typeof address === "object" ? (address?.port ?? port) : port);
    });
  });
}

/** Newer Node.js (26, for one) asks this; others hand over every upgrade (see `withoutUpgrade`). */
interface UpgradeOptions {
  readonly shouldUpgradeCallback: (request: IncomingMessage) => boolean;
}

function serverOptions({ idleTimeoutMs, readTimeoutMs }: ListenOptions): ServerOptions & UpgradeOptions {
  return {
    // The head of a request has its time, and the body as much again; the body's own limit answers first, and says so.
    headersTimeout: readTimeoutMs,
    requestTimeout: 2 * readTimeoutMs,
    keepAliveTimeout: idleTimeoutMs,
    connectionsCheckingInterval: Math.max(1, Math.min(MAX_CHECK_MS, Math.floor(readTimeoutMs * CHECK_SHARE))),
    maxHeaderSize: MAX_HEAD_BYTES,
    noDelay: true,
    // Checked with everything else about a request, and refused with an answer that says so.
    requireHostHeader: false,
    shouldUpgradeCallback: isWebSocketRequest,
  };
}

/** The path of a target, as far as it decides who takes an upgrade. */
function isWebSocketPath(target: string): boolean {
  return target === WEBSOCKET_PATH || target.startsWith(`${WEBSOCKET_PATH}?`);
}

function isWebSocketRequest({ headers, method, url = "" }: IncomingMessage): boolean {
  return method === "GET" && isWebSocketPath(url) && /\bwebsocket\b/i.test(headers.upgrade ?? "");
}

/** The server's place at its port: accepts connections, and hands on what comes on them. */
export class Listener {
  /** The port; the one that was free where 0 was asked for. */
  readonly port: number;
  readonly #server: Server;
  readonly #limit: AcceptLimit;
  #certificate: Certificate | undefined;

  private constructor(server: Server, limit: AcceptLimit, port: number, certificate: Certificate | undefined) {
    this.#server = server;
    this.#limit = limit;
    this.port = port;
    this.#certificate = certificate;
  }

  /**
   * Listens on the configured address; with none given on all interfaces, IPv6 and IPv4 where both are there.
   * @param certificate with which TLS is spoken, and nothing else
   * @returns a promise that rejects with a `ListenError` where the address can't be had
   */
  static async open(
    options: ListenOptions,
    ports: ListenerPorts,
    certificate: Certificate | undefined,
  ): Promise<Listener> {
    const { host, port } = options;
    let failure: unknown;
    for (const hostname of host === "" ? ["::", "0.0.0.0"] : [host]) {
      const server = newServer(options, certificate);
      const limit = serve(server, options, ports);
      try {
        return new Listener(server, limit, await listen(server, hostname, port), certificate);
      } catch (error) {
        failure = error;
        if (errorCode(error) === "EADDRINUSE") break;
      }
    }
    throw listenError(host, port, failure);
  }

  /** How many sockets are open. */
  get socketCount(): number {
    return this.#limit.count;
  }

  /** How many connections were closed because there was no room for more. */
  get closedForRoomCount(): number {
    return this.#limit.closedCount;
  }

  /**
   * Gives new connections another certificate; those that are there go on.
   * @returns whether it is another one
   * @throws where the runtime can't do that; then the old one stays in force
   */
  replaceCertificate(certificate: Certificate): boolean {
    const { cert, key } = certificate;
    if (cert === this.#certificate?.cert && key === this.#certificate.key) return false;
    const server = this.#server;
    if (!(server instanceof TlsServer) || typeof server.setSecureContext !== "function") {
      throw new Error("this runtime can't replace a certificate; restart the server");
    }
    server.setSecureContext({ cert, key, minVersion: "TLSv1.2" });
    this.#certificate = certificate;
    return true;
  }

  /** Closes the listening socket and every connection. */
  async stop(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    this.#limit.closeAll();
    this.#server.closeAllConnections();
    await closed;
  }
}

function newServer(options: ListenOptions, certificate: Certificate | undefined): Server {
  const http = serverOptions(options);
  if (certificate === undefined) return createServer(http);
  const { cert, key } = certificate;
  return createTlsServer({ ...http, cert, key, minVersion: "TLSv1.2", handshakeTimeout: options.readTimeoutMs });
}

/** Hands on what comes to a server. */
function serve(server: Server, { trustProxy }: ListenOptions, { http, maxSockets, upgrade }: ListenerPorts) {
  const limit = new AcceptLimit(maxSockets, server instanceof TlsServer, () => server.closeIdleConnections());
  const addressOf = ({ headers, socket }: IncomingMessage) => {
    const forwardedFor = headers["x-forwarded-for"];
    const text = Array.isArray(forwardedFor) ? forwardedFor.join() : forwardedFor;
    return clientAddress(socket.remoteAddress ?? "", text, trustProxy);
  };
  /** The newest response on each socket: what comes by an upgrade must not overtake it. */
  const newest = new WeakMap<Duplex, ServerResponse>();
  server.on("connection", (socket: Socket) => limit.accepted(socket));
  server.on("request", (incoming, outgoing) => {
    limit.asked(incoming.socket);
    newest.set(incoming.socket, outgoing);
    http.handle(incoming, outgoing, addressOf(incoming));
  });
  server.on("upgrade", (incoming: IncomingMessage, _socket: Duplex, first: Buffer) => {
    const { socket } = incoming;
    limit.asked(socket);
    const take = () => {
      if (isWebSocketRequest(incoming)) upgrade.handle(incoming, socket, first, addressOf(incoming));
      else withoutUpgrade(server, incoming, socket, first);
    };
    const pending = newest.get(socket);
    if (pending === undefined || pending.writableFinished) take();
    else pending.once("finish", take);
  });
  server.on("clientError", answerClientError);
  return limit;
}
