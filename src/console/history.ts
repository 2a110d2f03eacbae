import type { Happening, SystemStats } from "../protocol/system.ts";

// What has come of the server's own topics, as far back as the server itself remembers.

/** A message of `$sys/stats`, and when it was sent. */
export interface Sample {
  readonly atMs: number;
  readonly stats: SystemStats;
}

/** A message of `$sys/events`, likewise; `id` is unique in the list. */
export interface Told {
  readonly id: string;
  readonly atMs: number;
  readonly happening: Happening;
}

/** How far back samples are kept. */
export const HISTORY_MS = 15 * 60_000;
/** How many happenings are kept. */
export const MAX_HAPPENINGS = 1000;

/**
 * The samples of the last 15 minutes with those that came, oldest first. One that is older than what is there begins a
 * replay (or the server's clock was set back): what it overlaps comes again, so that makes room.
 */
export function withSamples(samples: readonly Sample[], arrivals: readonly Sample[]): readonly Sample[] {
  const all = [...samples];
  for (const arrival of arrivals) {
    while ((all.at(-1)?.atMs ?? Number.NEGATIVE_INFINITY) >= arrival.atMs) all.pop();
    all.push(arrival);
  }
  const oldestMs = (all.at(-1)?.atMs ?? 0) - HISTORY_MS;
  return all.filter(({ atMs }) => atMs >= oldestMs);
}

/** The last happenings with those that came, newest first; one that comes again is left out. */
export function withHappenings(happenings: readonly Told[], arrivals: readonly Told[]): readonly Told[] {
  const known = new Set(happenings.map(({ id }) => id));
  const fresh = arrivals.filter(({ id }) => !known.has(id)).reverse();
  return [...fresh, ...happenings].slice(0, MAX_HAPPENINGS);
}
