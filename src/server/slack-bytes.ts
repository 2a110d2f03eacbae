import type { Duplex } from "node:stream";
import { TLSSocket } from "node:tls";

/** A write to TLS completes only later in the turn, so that so much lies in every socket that has just been written to. */
const TLS_SLACK_BYTES = 64 * 1024;

/** How many bytes may lie in a socket that takes more. */
export function slackBytesOf(socket: Duplex): number {
  return socket instanceof TLSSocket ? TLS_SLACK_BYTES : 0;
}
