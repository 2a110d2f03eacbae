import { existsSync } from "node:fs";
import { type Availability, firstLineOf, type Peer, type Place } from "./peer.ts";

const HERE = new URL("../../bin/ringcast", import.meta.url).pathname;

/** Ringcast itself: its defaults, less the limits that exist to stop one client from doing what a benchmark does. */
export class Ringcast implements Peer {
  readonly name = "ringcast";
  readonly keepsHistory = true;
  readonly #program: string;

  /** `program` is the path of another build of Ringcast than this checkout's. */
  constructor(program: string | undefined) {
    this.#program = program ?? HERE;
  }

  find(): Availability {
    if (!existsSync(this.#program)) return { missing: `${this.#program} does not exist` };
    const version = firstLineOf(this.#program, "-version");
    if (version === undefined) return { missing: "it does not start; run npm ci first" };
    return { version: version.replace(/^ringcast /, "") };
  }

  command({ port }: Place): readonly string[] {
    return [
      this.#program,
      `-port=${port}`,
      "-host=127.0.0.1",
      "-log-level=warn",
      "-rate-limit-per-min=0",
      // One connection subscribes to 10,000 topics in one workload.
      "-max-subscriptions=20000",
      // Stalled clients are to stay for as long as healthy ones are measured beside them.
      "-max-queue-size=1000",
    ];
  }
}
