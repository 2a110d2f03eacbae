import { readFileSync } from "node:fs";
import { isIPv6 } from "node:net";

/** Where Linux lists its TCP connections, with what their peers have not acknowledged. */
const TABLES = ["/proc/net/tcp", "/proc/net/tcp6"];
/** What stands before an IPv4 address that is written as one of IPv6. */
const MAPPED = "::ffff:";

/** What a peer is known by. */
export function peerKey(address: string, port: number): string {
  const plain = address.startsWith(MAPPED) ? address.slice(MAPPED.length) : address;
  return `${isIPv6(plain) ? new URL(`http://[${plain}]`).hostname : plain}:${port}`;
}

/** Bytes stand in the kernel's own order, which is backwards within each four of them. */
function bytesOf(hex: string): number[] {
  const words = hex.match(/.{8}/g) ?? [];
  return words.flatMap((word) => [...Buffer.from(word, "hex")].toReversed());
}

function keyOf(remote: string): string {
  const [hex = "", port = ""] = remote.split(":");
  const bytes = bytesOf(hex);
  const isMapped = bytes.length === 16 && bytes.slice(0, 12).join() === "0,0,0,0,0,0,0,0,0,0,255,255";
  const groups = Buffer.from(bytes).toString("hex").match(/.{4}/g) ?? [];
  const address = bytes.length === 4 || isMapped ? bytes.slice(-4).join(".") : groups.join(":");
  return peerKey(address, Number.parseInt(port, 16));
}

/**
 * Reads one of the tables.
 * @param localPort the port that the peers are connected to
 */
export function parseTable(table: string, localPort: number): Map<string, number> {
  const unacknowledged = new Map<string, number>();
  const local = `:${localPort.toString(16).toUpperCase().padStart(4, "0")}`;
  for (const line of table.split("\n").slice(1)) {
    const [, localAddress, remote, , queues] = line.trim().split(/\s+/);
    if (remote === undefined || queues === undefined || !localAddress?.endsWith(local)) continue;
    unacknowledged.set(keyOf(remote), Number.parseInt(queues, 16));
  }
  return unacknowledged;
}

/**
 * What keep-alive can't show while anything is on its way, as `test/dead-peer.test.ts` holds for event streams.
 * How many bytes each peer of a local port has not acknowledged yet, by `peerKey`: what a machine that is gone never does.
 * @returns undefined where the system does not tell
 */
export function unacknowledgedBytes(localPort: number): ReadonlyMap<string, number> | undefined {
  try {
    return new Map(TABLES.flatMap((path) => [...parseTable(readFileSync(path, "utf8"), localPort)]));
  } catch {
    return undefined;
  }
}
