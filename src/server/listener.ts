import type { Server } from "bun";
import type { Config } from "../config/options.ts";
import type { Certificate } from "./certificate.ts";
import { clientAddress } from "./client-address.ts";
import type { FaultLog } from "./fault-log.ts";
import type { Answer } from "./http/app.ts";
import { errorResponse } from "./http/errors.ts";
import type { Logger } from "./logger.ts";
import { preferNewestSocket } from "./newest-socket.ts";
import type { WebSocketEndpoint } from "./websocket.ts";
import type { SocketData } from "./websocket-transport.ts";

/** No address to listen on: why, in one line. */
export class ListenError extends Error {}

const LISTEN_ERRORS: Record<string, string> = {
  EADDRINUSE: "the address is already in use",
  EACCES: "permission denied",
  EADDRNOTAVAIL: "this machine has no such address",
  ENOTFOUND: "the host is unknown",
  // What Bun says of a name that the system cannot resolve.
  EINVAL: "the host is unknown",
};

export type ListenOptions = Pick<Config, "host" | "port" | "idleTimeoutMs" | "trustProxy">;

/** What is done with what comes in. */
export interface ListenerPorts {
  readonly answer: Answer;
  readonly endpoint: WebSocketEndpoint;
  readonly faults: FaultLog;
  readonly logger: Logger;
}

/** Where a server is to listen, and how. */
interface Place {
  readonly hostname: string;
  readonly port: number;
  readonly certificate: Certificate | undefined;
}

function errorCode(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : "";
}

function listenError(host: string, port: number, error: unknown): ListenError {
  const reason = LISTEN_ERRORS[errorCode(error)] ?? (error instanceof Error ? error.message : String(error));
  return new ListenError(`cannot listen on ${host === "" ? "" : `${host} `}port ${port}: ${reason}`);
}

/** The server's place at its port. With TLS its certificate can be replaced, and who is connected notices nothing. */
export class Listener {
  /** The port; the one that was free where 0 was asked for. */
  readonly port: number;
  readonly #options: ListenOptions;
  readonly #ports: ListenerPorts;
  readonly #hostname: string;
  /** Whether the kernel gives new connections to the newest server alone. */
  readonly #prefersNewest: boolean = true;
  #certificate: Certificate | undefined;
  #current: Server<SocketData>;
  /** The one whose certificate was replaced last. It gets nothing new, but what was on its way to it still arrives. */
  #replaced: Server<SocketData> | undefined;
  /** Those that listen no more, but have connections. */
  readonly #ending = new Set<Server<SocketData>>();

  /**
   * Listens on the configured address; with none given on all interfaces, IPv6 and IPv4 where both are there.
   * @param certificate with which TLS is spoken, and nothing else
   * @throws {ListenError} where the address can't be had
   */
  constructor(options: ListenOptions, ports: ListenerPorts, certificate: Certificate | undefined) {
    this.#options = options;
    this.#ports = ports;
    this.#certificate = certificate;
    const { hostname, server } = this.#listenAlone();
    this.#hostname = hostname;
    this.port = server.port ?? options.port;
    this.#current = server;
    if (certificate === undefined) return;
    void server.stop(true);
    try {
      this.#current = this.#share(certificate);
    } catch (error) {
      throw listenError(options.host, this.port, error);
    }
    const why = preferNewestSocket(this.port);
    if (why === undefined) return;
    this.#prefersNewest = false;
    ports.logger.warn({ why }, "connections that are just being made may fail when the certificate is replaced");
  }

  /**
   * Gives new connections another certificate. Bun can't change that of a server (`reload` leaves out `tls`), so a second
   * one takes over the port, and the first ends with its last connection.
   * @returns whether it is another one
   * @throws where no second server can be had; then the first goes on
   */
  replaceCertificate(certificate: Certificate): boolean {
    const { cert, key } = certificate;
    if (cert === this.#certificate?.cert && key === this.#certificate.key) return false;
    this.#endReplaced();
    const next = this.#share(certificate);
    this.#certificate = certificate;
    this.#replaced = this.#current;
    this.#current = next;
    // Where the kernel spreads connections over both, the old one must not be there for long.
    if (!this.#prefersNewest) this.#endReplaced();
    return true;
  }

  /** Closes the listening socket and every connection. */
  async stop(): Promise<void> {
    this.#endReplaced();
    await Promise.all([this.#current, ...this.#ending].map((server) => server.stop(true)));
  }

  #endReplaced(): void {
    const server = this.#replaced;
    if (server === undefined) return;
    this.#replaced = undefined;
    this.#ending.add(server);
    void server.stop().then(() => this.#ending.delete(server));
  }

  /** Takes a port that nobody else has. */
  #listenAlone(): { hostname: string; server: Server<SocketData> } {
    const { host, port } = this.#options;
    let failure: unknown;
    for (const hostname of host === "" ? ["::", "0.0.0.0"] : [host]) {
      try {
        // Without TLS even where that is to be spoken: it has the port for a moment only.
        return { hostname, server: this.#serve({ hostname, port, certificate: undefined }, false) };
      } catch (error) {
        failure = error;
        if (errorCode(error) === "EADDRINUSE") break;
      }
    }
    throw listenError(host, port, failure);
  }

  /** Takes the port together with those that have it already. */
  #share(certificate: Certificate): Server<SocketData> {
    return this.#serve({ hostname: this.#hostname, port: this.port, certificate }, true);
  }

  #serve({ certificate, hostname, port }: Place, reusePort: boolean): Server<SocketData> {
    const { answer, endpoint, faults } = this.#ports;
    const { idleTimeoutMs, trustProxy } = this.#options;
    return Bun.serve<SocketData>({
      hostname,
      port,
      development: false,
      // Said explicitly: with `development: false` Bun would let a second server share the port, and half the clients.
      reusePort,
      ...(certificate === undefined ? {} : { tls: { cert: certificate.cert, key: certificate.key } }),
      idleTimeout: Math.ceil(idleTimeoutMs / 1000),
      // Bodies are bounded where they are read, with an answer that says so; Bun's own refusal has no body.
      maxRequestBodySize: Number.MAX_SAFE_INTEGER,
      websocket: endpoint.handlers(),
      fetch(request, server) {
        const peer = server.requestIP(request)?.address ?? "";
        const address = clientAddress(peer, request.headers.get("x-forwarded-for"), trustProxy);
        return answer(request, { server, address });
      },
      error(error) {
        faults.record(error, {});
        return errorResponse("INTERNAL", "internal error");
      },
    });
  }
}
