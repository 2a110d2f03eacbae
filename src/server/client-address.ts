import { isIP, isIPv6 } from "node:net";

/** What stands before an IPv4 address that is written as one of IPv6. */
const MAPPED = "::ffff:";

/** An entry of X-Forwarded-For as proxies write it: an address, with a port or without. */
const WITH_PORT = /^(?:\[([^\]]+)\](?::\d{1,5})?|([^:]+):\d{1,5})$/;

/** The address of an entry, without its port and brackets; undefined where it is no IP address. */
function addressOf(entry: string): string | undefined {
  const [, bracketed, beforePort] = WITH_PORT.exec(entry) ?? [];
  const address = bracketed ?? beforePort ?? entry;
  return isIP(address) === 0 ? undefined : address;
}

/**
 * The address that a request comes from, for the rate limit and the logs.
 * @param peer the socket's own peer
 * @param forwardedFor the X-Forwarded-For header. Its last entry is the one that the proxy in front wrote; the client
 *   can write all others. An entry that is no IP address is ignored.
 */
export function clientAddress(peer: string, forwardedFor: string | undefined, trustProxy: boolean): string {
  const last = trustProxy ? forwardedFor?.split(",").at(-1)?.trim() : undefined;
  const address = (last === undefined ? undefined : addressOf(last)) ?? peer;
  // An IPv4 peer of a socket that listens on IPv6 too is the same peer.
  return address.startsWith(MAPPED) ? address.slice(MAPPED.length) : address;
}

/** The eight groups of an IPv6 address; the URL parser writes out what a form of it leaves to the reader. */
function groupsOf(address: string): string[] {
  const [plain = ""] = address.split("%");
  const [head = "", tail] = new URL(`http://[${plain}]`).hostname.slice(1, -1).split("::");
  const before = head === "" ? [] : head.split(":");
  const after = tail === undefined || tail === "" ? [] : tail.split(":");
  const zeros = tail === undefined ? 0 : 8 - before.length - after.length;
  return [...before, ...Array<string>(zeros).fill("0"), ...after];
}

/**
 * What a client address counts as in a rate limit: an IPv4 address as itself, an IPv6 address as its /64, since a single
 * host owns at least that many.
 */
export function addressBlock(address: string): string {
  return isIPv6(address) ? `${groupsOf(address).slice(0, 4).join(":")}::/64` : address;
}
