import type { Duplex } from "node:stream";
import { TLSSocket } from "node:tls";

/** A write to TLS completes only later in the turn, so that so much lies in every socket that has just been written to. */
const TLS_SLACK_BYTES = 64 * 1024;

/**
 * How many bytes a full socket holds that the operating system has not taken; 0 where it takes more.
 * @param writableLength how many it holds; of a response's socket only the response knows, on Bun
 */
export function unsentBytes(socket: Duplex, writableLength = socket.writableLength): number {
  return socket instanceof TLSSocket && writableLength <= TLS_SLACK_BYTES ? 0 : writableLength;
}
