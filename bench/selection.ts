import type { Options } from "./options.ts";
import type { Availability, Peer } from "./peers/peer.ts";
import { UsageError } from "./usage-error.ts";
import type { Workload } from "./workloads.ts";

/** Who takes part, in which version, and who does not, and why. */
export interface ChosenPeers {
  readonly peers: readonly Peer[];
  readonly versions: Readonly<Record<string, string>>;
  readonly skipped: Readonly<Record<string, string>>;
}

/** The peers that were asked for and are there. Throws if a name is nobody's. */
export function choosePeers(all: readonly Peer[], wanted: readonly string[]): ChosenPeers {
  mustBeKnown(
    "peer",
    wanted,
    all.map(({ name }) => name),
  );
  const asked = all.filter(({ name }) => wanted.length === 0 || wanted.includes(name));
  const found = asked.map((peer): readonly [Peer, Availability] => [peer, peer.find()]);
  const peers: Peer[] = [];
  const versions: Record<string, string> = {};
  const skipped: Record<string, string> = {};
  for (const [peer, availability] of found) {
    if ("version" in availability) {
      peers.push(peer);
      versions[peer.name] = availability.version;
    } else skipped[peer.name] = availability.missing;
  }
  return { peers, versions, skipped };
}

/** The workloads that were asked for, in their own order. Throws if a word is no workload and begins no workload. */
export function chooseWorkloads(
  all: readonly Workload[],
  { only, quick }: Pick<Options, "only" | "quick">,
): readonly Workload[] {
  if (only.length === 0) return quick ? all.filter((workload) => workload.quick) : all;
  const names = all.map(({ name }) => name);
  const chosen = new Set(only.flatMap((word) => namedBy(word, names)));
  return all.filter(({ name }) => chosen.has(name));
}

/** A whole name means that workload alone, even if others begin with it. */
function namedBy(word: string, names: readonly string[]): readonly string[] {
  if (names.includes(word)) return [word];
  const begun = names.filter((name) => name.startsWith(word));
  if (begun.length === 0) mustBeKnown("workload", [word], names);
  return begun;
}

function mustBeKnown(what: string, words: readonly string[], known: readonly string[]): void {
  for (const word of words) {
    if (!known.includes(word)) throw new UsageError(`unknown ${what} ${word}; there are ${known.join(", ")}`);
  }
}
