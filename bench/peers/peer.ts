import type { PeerName } from "../scenario.ts";
import type { CertificateFiles } from "../self-signed.ts";

/** Where a server is to run. */
export interface Place {
  readonly port: number;
  /** An empty directory that is removed afterwards. */
  readonly directory: string;
  /** What it is to speak TLS with; undefined: it does not. */
  readonly tls: CertificateFiles | undefined;
}

/** Whether a peer can be had on this machine: its version, or why not and how to get it. */
export type Availability = { readonly version: string } | { readonly missing: string };

/** A server that the benchmark measures. */
export interface Peer {
  readonly name: PeerName;
  /** Whether it can be asked for a topic's last messages. */
  readonly keepsHistory: boolean;
  /** Looks whether the peer can be started. */
  find(): Availability;
  /** The words of the command that starts it, in the foreground and as one process. */
  command(place: Place): readonly string[];
}

/** The first line that a program prints, or undefined if it can't be run. */
export function firstLineOf(...command: readonly string[]): string | undefined {
  try {
    const { exitCode, stdout } = Bun.spawnSync([...command], { stdin: "ignore", stderr: "ignore" });
    return exitCode === 0 ? stdout.toString().trim().split("\n")[0] : undefined;
  } catch {
    return undefined;
  }
}
