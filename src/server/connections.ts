import type { Clock } from "../core/clock.ts";
import type { Hub } from "../core/hub.ts";
import { TRANSPORT_KINDS, type Transport, type TransportKind } from "../core/transport.ts";
import { CLOSE, type ErrorCode } from "../protocol/errors.ts";
import { Connection, type Peer } from "./connection.ts";
import type { FaultLog } from "./fault-log.ts";
import { beat, type HeartbeatOptions } from "./heartbeat.ts";
import type { Logger } from "./logger.ts";
import type { Journal } from "./system/journal.ts";
import { enforceTokenLife } from "./token-life.ts";

/** The rules of all connections; each is an option of the server. */
export interface ConnectionOptions extends HeartbeatOptions {
  readonly writeWaitMs: number;
}

/** What the connections are kept with. */
export interface ConnectionPorts {
  readonly hub: Hub;
  /** For deadlines. */
  readonly clock: Clock;
  /** For what is shown. */
  readonly systemClock: Clock;
  readonly logger: Logger;
  readonly faults: FaultLog;
  readonly journal: Journal;
}

/** The close code for a message larger than is taken (RFC 6455, section 7.4.1). */
const TOO_BIG = 1009;

/** How a connection ended: a close code of RFC 6455, section 7.4, or Ringcast's own; 1006 where it just broke. */
export interface Closing {
  readonly code: number;
  readonly reason: string;
}

/** Every open connection, whatever its transport: counted, pinged, and ended with its token. */
export class Connections {
  readonly #options: ConnectionOptions;
  readonly #ports: ConnectionPorts;
  /** By the ids of their sessions, oldest first. */
  readonly #all = new Map<number, Connection>();
  readonly #withToken = new Set<Connection>();
  readonly #tallies = new Map(TRANSPORT_KINDS.map((kind) => [kind, { open: 0, opened: 0 }]));
  #onEmpty: (() => void) | undefined;

  constructor(options: ConnectionOptions, ports: ConnectionPorts) {
    this.#options = options;
    this.#ports = ports;
  }

  /** How many are open. */
  get count(): number {
    return this.#all.size;
  }

  /** How many are open of a kind. */
  openOf(kind: TransportKind): number {
    return this.#tallies.get(kind)?.open ?? 0;
  }

  /** How many of a kind have been opened since the server began. */
  openedOf(kind: TransportKind): number {
    return this.#tallies.get(kind)?.opened ?? 0;
  }

  /** All that are open, in the order in which they came. */
  all(): IterableIterator<Connection> {
    return this.#all.values();
  }

  /** The open connection whose session has this id, if there is one. */
  find(id: number): Connection | undefined {
    return this.#all.get(id);
  }

  /** Notes for the operator that a request on a connection was refused. */
  noteRefusal({ address, session }: Connection, code: ErrorCode, message: string): void {
    this.#ports.journal.noteRefusal(code, message, { client: session.id, address });
  }

  /** Ends a connection because an operator wants it: what waits for it still goes out, as far as it reads. */
  cutOff(connection: Connection, by: string): void {
    const { journal, logger } = this.#ports;
    const { address, session } = connection;
    // One that ends already, perhaps because it was cut off before, has nothing more to be told of.
    if (!session.isOpen) return;
    logger.info({ session: session.id, by }, "disconnecting client");
    journal.note({
      code: "CLIENT_CUT_OFF",
      level: "info",
      message: `disconnected by ${by}`,
      client: session.id,
      address,
    });
    session.end(CLOSE.CUT_OFF, "disconnected by an operator", this.#options.writeWaitMs);
  }

  /** Resolves when none is open any more. */
  whenEmpty(): Promise<void> {
    if (this.#all.size === 0) return Promise.resolve();
    return new Promise((resolve) => {
      this.#onEmpty = resolve;
    });
  }

  /** Begins a connection: from now on its session takes messages. */
  open(transport: Transport, peer: Peer): Connection {
    const { clock, hub, logger, systemClock } = this.#ports;
    const session = hub.connect(transport);
    const openedAtMs = systemClock.monotonicMs();
    const connection = new Connection(session, peer, openedAtMs, clock.monotonicMs(), this.#options.pingIntervalMs);
    this.#all.set(session.id, connection);
    const tally = this.#tallies.get(transport.kind);
    if (tally !== undefined) {
      tally.open++;
      tally.opened++;
    }
    const { address, principal } = peer;
    if (principal.life !== undefined) this.#withToken.add(connection);
    connection.usage.connections++;
    logger.info({ session: session.id, transport: transport.kind, address, as: principal.name }, "client connected");
    // The keys may have changed while the token was being checked.
    this.#recheck(connection);
    return connection;
  }

  /** Ends everything about a connection that is gone; a second call does nothing. */
  closed(connection: Connection, { code, reason }: Closing): void {
    if (!this.#all.delete(connection.session.id)) return;
    this.#withToken.delete(connection);
    connection.usage.connections--;
    const { hub, logger, systemClock } = this.#ports;
    const { requestCount, session } = connection;
    const tally = this.#tallies.get(session.transportKind);
    if (tally !== undefined) tally.open--;
    const durationMs = Math.round(systemClock.monotonicMs() - connection.openedAtMs);
    const counts = { requests: requestCount, subscriptions: hub.subscriptionCount(session) };
    logger.info({ session: session.id, code, reason, durationMs, ...counts }, "client disconnected");
    if (code === TOO_BIG)
      this.noteRefusal(connection, "PAYLOAD_TOO_LARGE", "a message is larger than -max-message-size");
    hub.disconnect(session);
    if (this.#all.size === 0) this.#onEmpty?.();
  }

  /** Pings whom it is time to ping, and gives up the dead. To be called every so often. */
  sweep(): void {
    const now = this.#ports.clock.monotonicMs();
    for (const connection of this.#all.values()) {
      if (beat(connection, now, this.#options) === "alive") continue;
      this.#ports.logger.info({ session: connection.session.id }, "ping timeout, connection closed");
      connection.session.terminate();
    }
  }

  /** Tells those whose token is about to end, and ends those whose token has ended. To be called often. */
  sweepTokens(): void {
    const nowMs = this.#ports.clock.wallMs();
    for (const connection of this.#withToken) enforceTokenLife(connection, nowMs, this.#options.writeWaitMs);
  }

  /**
   * Looks again at what everybody may do, after a change of keys: ends those whose key or token is good no more, and
   * those that are subscribed to what their key no longer allows.
   */
  recheck(): void {
    for (const connection of this.#all.values()) this.#recheck(connection);
  }

  #recheck({ principal, session }: Connection): void {
    const { hub } = this.#ports;
    const { writeWaitMs } = this.#options;
    if (principal.isRevoked) {
      session.end(CLOSE.UNAUTHORIZED, "the API key or the token is no longer valid", writeWaitMs);
    } else if (hub.topicNames(session).some((name) => !principal.maySubscribe(name))) {
      session.end(CLOSE.UNAUTHORIZED, "the API key no longer allows the subscriptions", writeWaitMs);
    }
  }

  /** The one entry for what peers cause: an exception here would end the process, so it ends the connection. */
  guard(connection: Connection, handle: (connection: Connection) => void): void {
    try {
      handle(connection);
    } catch (error) {
      this.failed(connection, error);
    }
  }

  /** Ends a connection whose handling has thrown. */
  failed(connection: Connection, error: unknown): void {
    this.#ports.faults.record(error, { session: connection.session.id });
    connection.session.close(CLOSE.INTERNAL, "internal error");
  }
}
