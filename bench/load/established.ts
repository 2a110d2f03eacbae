import { readFileSync } from "node:fs";

const ESTABLISHED = "01";

/**
 * How many TCP connections to a port of this machine stand, in the kernel's view. A connection that is not being read
 * does not notice its own end; the kernel does.
 */
export function establishedTo(port: number): number {
  return countEstablished(readFileSync("/proc/net/tcp", "utf8"), port);
}

/** Counts in the kernel's table: a line has its number, local address, remote address and state, in hexadecimal. */
export function countEstablished(table: string, port: number): number {
  const remote = `:${port.toString(16).toUpperCase().padStart(4, "0")}`;
  return table.split("\n").filter((line) => {
    const [, , address, state] = line.trim().split(/\s+/);
    return state === ESTABLISHED && address?.endsWith(remote);
  }).length;
}
