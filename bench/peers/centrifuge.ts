import { existsSync } from "node:fs";
import type { Availability, Peer, Place } from "./peer.ts";

const PROGRAM = new URL("../build/centrifuge-server", import.meta.url).pathname;
const MODULE = "github.com/centrifugal/centrifuge";
const HOW = "not built (go build -C bench/peers/servers/centrifuge -o ../../../build/centrifuge-server)";

/** A small server on Centrifuge, the Go library inside Centrifugo, for where the whole program can't be had. */
export const centrifuge: Peer = {
  name: "centrifuge",
  keepsHistory: true,
  find(): Availability {
    if (!existsSync(PROGRAM)) return { missing: HOW };
    return { version: builtWith() ?? "of unknown version" };
  },
  command: ({ port }: Place) => [PROGRAM, String(port)],
};

/** Go writes into a program which modules it was built from. */
function builtWith(): string | undefined {
  const modules = Bun.spawnSync(["sh", "-c", 'command -v go >/dev/null && go version -m "$0"', PROGRAM]);
  return new RegExp(`${MODULE}\\s+v(\\S+)`).exec(modules.stdout.toString())?.[1];
}
