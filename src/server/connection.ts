import type { Session } from "../core/session.ts";
import { PublishMemo } from "../protocol/publish-memo.ts";
import type { Principal, TokenLife, Usage } from "./access/principal.ts";

/** Who is at the other end of a connection. */
export interface Peer {
  readonly address: string;
  /** Who opened it, and what they may do. */
  readonly principal: Principal;
}

/** One open connection, whatever its transport: its session, and what the server notes about the peer. */
export class Connection {
  readonly session: Session;
  readonly address: string;
  /** Monotonic time of the system. */
  readonly openedAtMs: number;
  /** Who the client is now: a token can be renewed in place. */
  principal: Principal;
  /** Of who opened it. */
  readonly usage: Usage;
  /** The token whose near end it was told of. */
  warnedOf: TokenLife | undefined;
  /** Whether a renewal of its token is under way. */
  renewing = false;
  /** What its publishes have in common. */
  readonly publishMemo = new PublishMemo();
  /** Requests that the client has sent. */
  requestCount = 0;
  /** Whether anything came since the heartbeat last looked. */
  heard = true;
  /**
   * When its last pong came, in monotonic time of the system; undefined before the first. Of an event stream, when its
   * machine last took something.
   */
  lastPongMs: number | undefined;
  /** When the heartbeat last found that something had come, and when it is to ping next. */
  lastHeardMs: number;
  nextPingMs: number;
  /** Pings and pongs that came in the second that began at `controlSecondMs`. */
  controlFrames = 0;
  controlSecondMs = 0;

  /**
   * @param openedAtMs monotonic time of the system
   * @param nowMs the same moment by the clock for deadlines
   * @param pingIntervalMs when the first ping is due
   */
  constructor(
    session: Session,
    { address, principal }: Peer,
    openedAtMs: number,
    nowMs: number,
    pingIntervalMs: number,
  ) {
    this.session = session;
    this.address = address;
    this.principal = principal;
    this.usage = principal.usage;
    this.openedAtMs = openedAtMs;
    this.lastHeardMs = nowMs;
    this.nextPingMs = nowMs + pingIntervalMs;
  }
}
