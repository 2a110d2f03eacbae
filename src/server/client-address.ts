/**
 * The address that a request comes from, for the rate limit and the logs.
 * @param peer the socket's own peer
 * @param forwardedFor the X-Forwarded-For header; its last entry is the one that the proxy in front has seen itself,
 *   what stands before it was said by the client
 */
export function clientAddress(peer: string, forwardedFor: string | null, trustProxy: boolean): string {
  const last = trustProxy ? forwardedFor?.split(",").at(-1)?.trim() : undefined;
  const address = last === undefined || last === "" ? peer : last.slice(0, 64);
  // An IPv4 peer of a socket that listens on IPv6 too is the same peer.
  return address.startsWith("::ffff:") ? address.slice("::ffff:".length) : address;
}
