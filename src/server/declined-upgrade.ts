import { type IncomingMessage, type Server, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { IS_BUN } from "./runtime.ts";

/** What asks for an upgrade, or goes with it. */
const UPGRADE_HEADERS = ["upgrade", "http2-settings"];

/** The head of a request without the offer to upgrade. */
function headOf({ httpVersion, method, rawHeaders, url }: IncomingMessage): string {
  let head = `${method} ${url} HTTP/${httpVersion}\r\n`;
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    const [name = "", value = ""] = rawHeaders.slice(i, i + 2);
    if (!UPGRADE_HEADERS.includes(name.toLowerCase())) head += `${name}: ${value}\r\n`;
  }
  return `${head}\r\n`;
}

/** Serves the one request on its socket, and closes that. A body of it can't be read any more. */
function serveAlone(server: Server, incoming: IncomingMessage, socket: Socket): void {
  const outgoing = new ServerResponse(incoming);
  outgoing.shouldKeepAlive = false;
  outgoing.assignSocket(socket);
  outgoing.once("finish", () => socket.end());
  server.emit("request", incoming, outgoing);
}

/**
 * Serves a request whose upgrade is not agreed to as what it is otherwise, such as those of clients that offer HTTP/2 with
 * their first request (`Upgrade: h2c`). By then Node has let go of the socket: it gets the socket again, with the same
 * request ahead of all that follows, but without the offer (RFC 9110, section 7.8: a server may ignore it).
 */
export function withoutUpgrade(server: Server, incoming: IncomingMessage, socket: Socket, first: Buffer): void {
  // Bun's server takes no socket twice.
  if (IS_BUN) {
    serveAlone(server, incoming, socket);
    return;
  }
  socket.unshift(Buffer.concat([Buffer.from(headOf(incoming), "latin1"), first]));
  // With TLS what is served is what was secured; `connection` would begin with a handshake.
  server.emit("encrypted" in socket ? "secureConnection" : "connection", socket);
}
