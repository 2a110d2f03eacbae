import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Availability, firstLineOf, type Peer, type Place } from "./peer.ts";

/** NATS over WebSocket. */
export const nats: Peer = {
  name: "nats",
  keepsHistory: false,
  find(): Availability {
    const line = firstLineOf("nats-server", "--version");
    if (line === undefined) return { missing: "nats-server is not installed (Debian: apt-get install nats-server)" };
    return { version: /v(\d\S*)/.exec(line)?.[1] ?? line };
  },
  command({ port, directory }: Place): readonly string[] {
    const file = join(directory, "nats.conf");
    writeFileSync(file, configuration(port));
    return ["nats-server", "--config", file];
  },
};

/** The plain TCP listener can't be turned off; -1 gives it any free port. */
function configuration(port: number): string {
  return [
    "host: 127.0.0.1",
    "port: -1",
    `websocket { host: 127.0.0.1, port: ${port}, no_tls: true, compression: false }`,
    "max_connections: 65536",
    "",
  ].join("\n");
}
