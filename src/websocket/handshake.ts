import { createHash } from "node:crypto";
import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import type { DeflateAgreement } from "./extensions.ts";

export { type DeflateAgreement, negotiateDeflate } from "./extensions.ts";

/** The version of the protocol (RFC 6455, section 4.1). */
export const WEBSOCKET_VERSION = "13";

/** The rule of RFC 6455, section 4.2.1, that a request to upgrade breaks. Answer `upgrade` and `version` with 426, others with 400. */
export type UpgradeProblem = "method" | "http-version" | "host" | "upgrade" | "connection" | "version" | "key";

const GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
/** The base64 of 16 bytes. */
const KEY = /^[A-Za-z0-9+/]{21}[AQgw]==$/;

/** Returns the first rule that the request breaks, or undefined for a valid handshake. */
export function checkUpgrade(request: IncomingMessage): UpgradeProblem | undefined {
  const { headers } = request;
  if (request.method !== "GET") return "method";
  if (request.httpVersionMajor < 1 || (request.httpVersionMajor === 1 && request.httpVersionMinor < 1)) {
    return "http-version";
  }
  if (headers.host === undefined) return "host";
  if (!hasToken(headers.upgrade, "websocket")) return "upgrade";
  if (!hasToken(headers.connection, "upgrade")) return "connection";
  if (headers["sec-websocket-version"] !== WEBSOCKET_VERSION) return "version";
  if (!KEY.test(headers["sec-websocket-key"] ?? "")) return "key";
  return undefined;
}

/** The value of `Sec-WebSocket-Accept` for a key (RFC 6455, section 4.2.2). */
export function acceptValue(key: string): string {
  return createHash("sha1")
    .update(key + GUID)
    .digest("base64");
}

/**
 * Writes the 101 response. The request must have passed `checkUpgrade`; `protocol` must be one of the subprotocols
 * that it offers.
 */
export function acceptUpgrade(
  socket: Duplex,
  request: IncomingMessage,
  agreement: { readonly protocol?: string; readonly deflate?: DeflateAgreement },
): void {
  const lines = [
    "HTTP/1.1 101 Switching Protocols",
    "Upgrade: websocket",
    "Connection: Upgrade",
    `Sec-WebSocket-Accept: ${acceptValue(request.headers["sec-websocket-key"] ?? "")}`,
  ];
  if (agreement.protocol !== undefined) lines.push(`Sec-WebSocket-Protocol: ${agreement.protocol}`);
  if (agreement.deflate !== undefined) lines.push(`Sec-WebSocket-Extensions: ${agreement.deflate.response}`);
  socket.write(`${lines.join("\r\n")}\r\n\r\n`);
}

/** Whether a comma-separated header holds a token, in any case. */
function hasToken(header: string | undefined, token: string): boolean {
  return header?.split(",").some((part) => part.trim().toLowerCase() === token) ?? false;
}
