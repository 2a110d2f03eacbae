import { existsSync } from "node:fs";
import type { PeerName, RINGCASTS } from "../scenario.ts";
import type { NodeProgram } from "./node.ts";
import { type Availability, firstLineOf, type Peer, type Place } from "./peer.ts";

const PROGRAM = new URL("../../bin/ringcast", import.meta.url).pathname;

/** How a server is started: the words of a command, or why there is none. */
export type Launch = { readonly words: readonly string[]; readonly runtime?: string } | { readonly missing: string };

/** Which builds of Ringcast take part. */
export interface RingcastBuilds {
  /** The program that Node and Bun run; undefined: this checkout's `bin/ringcast`. */
  readonly ringcast: string | undefined;
  /** An older build, which starts by itself; undefined where there is none. */
  readonly before: string | undefined;
}

/** One build of Ringcast on one runtime, with its default options except for the limits that the load exceeds. */
export class Ringcast implements Peer {
  readonly name: (typeof RINGCASTS)[number];
  readonly keepsHistory = true;
  readonly #launch: Launch;

  constructor(name: Extract<PeerName, (typeof RINGCASTS)[number]>, launch: Launch) {
    this.name = name;
    this.#launch = launch;
  }

  find(): Availability {
    if ("missing" in this.#launch) return this.#launch;
    const { runtime, words } = this.#launch;
    // Of a checkout, the first call builds what is missing or stale.
    const version = firstLineOf(...words, "-version")?.replace(/^ringcast /, "");
    if (version === undefined) return { missing: `${words.join(" ")} does not start; install its dependencies first` };
    return { version: runtime === undefined ? version : `${version} on ${runtime}` };
  }

  command({ port, tls }: Place): readonly string[] {
    if ("missing" in this.#launch) throw new Error(this.#launch.missing);
    return [
      ...this.#launch.words,
      `-port=${port}`,
      "-host=127.0.0.1",
      "-log-level=warn",
      "-rate-limit-per-min=0",
      // One workload opens 10,000 connections, another subscribes one connection to 10,000 topics.
      "-max-connections=20000",
      "-max-subscriptions=20000",
      // The load answers no pings.
      "-pong-wait=10m",
      // Stalled clients must stay connected while healthy ones are measured.
      "-max-queue-size=1000",
      ...(tls === undefined ? [] : [`-tls-cert=${tls.certificate}`, `-tls-key=${tls.key}`]),
    ];
  }
}

/** Ringcast on Node and on Bun, and the older build. */
export function ringcastPeers(builds: RingcastBuilds, node: NodeProgram | undefined): readonly Peer[] {
  const program = builds.ringcast ?? PROGRAM;
  return [
    new Ringcast(
      "ringcast-node",
      node === undefined ? { missing: "Node.js is not on the PATH" } : onNode(node, program),
    ),
    new Ringcast("ringcast-bun", onBun(program)),
    new Ringcast("ringcast-before", ofOlderBuild(builds.before)),
  ];
}

function onNode({ path, version }: NodeProgram, program: string): Launch {
  if (!existsSync(program)) return { missing: `${program} does not exist` };
  return { words: [path, program], runtime: `Node ${version}` };
}

function onBun(program: string): Launch {
  if (!existsSync(program)) return { missing: `${program} does not exist` };
  return { words: [process.execPath, "--no-env-file", program], runtime: `Bun ${Bun.version}` };
}

function ofOlderBuild(program: string | undefined): Launch {
  if (program === undefined) return { missing: "name an older build's program with --before=FILE" };
  return existsSync(program) ? { words: [program] } : { missing: `${program} does not exist` };
}
