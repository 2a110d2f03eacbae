import type { Connection } from "./connection.ts";

/** How the server finds out that a peer is gone. */
export interface HeartbeatOptions {
  readonly pingIntervalMs: number;
  readonly pongWaitMs: number;
}

/** The part of a connection that the heartbeat reads and writes. */
export type Heartbeats = Pick<Connection, "heard" | "lastHeardMs" | "nextPingMs" | "session">;

/**
 * Looks after one connection: pings it when that is due, and tells whether it is dead, which is when nothing (a pong
 * or anything else) came from it for `pongWaitMs`. To be called every so often.
 */
export function beat(connection: Heartbeats, nowMs: number, options: HeartbeatOptions): "alive" | "dead" {
  if (connection.heard) {
    connection.heard = false;
    connection.lastHeardMs = nowMs;
  } else if (nowMs - connection.lastHeardMs >= options.pongWaitMs) {
    return "dead";
  }
  if (nowMs >= connection.nextPingMs) {
    connection.nextPingMs = nowMs + options.pingIntervalMs;
    connection.session.ping();
  }
  return "alive";
}
