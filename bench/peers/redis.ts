import { type Availability, firstLineOf, type Peer, type Place } from "./peer.ts";

/** Redis pub/sub over plain TCP. */
export const redis: Peer = {
  name: "redis",
  keepsHistory: false,
  find(): Availability {
    const line = firstLineOf("redis-server", "--version");
    if (line === undefined) return { missing: "redis-server is not installed (Debian: apt-get install redis-server)" };
    return { version: /v=(\S+)/.exec(line)?.[1] ?? line };
  },
  command({ port, directory }: Place): readonly string[] {
    const settings = {
      port: String(port),
      bind: "127.0.0.1",
      dir: directory,
      // Nothing is stored, so nothing is to be written to disk.
      save: "",
      appendonly: "no",
      maxclients: "15000",
      "tcp-backlog": "4096",
      loglevel: "warning",
    };
    return ["redis-server", ...Object.entries(settings).flatMap(([name, value]) => [`--${name}`, value])];
  },
};
