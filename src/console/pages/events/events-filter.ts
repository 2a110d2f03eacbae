import type { Happening } from "../../../protocol/system.ts";
import type { Told } from "../../history.ts";

// Which happenings are shown, and how many there are of each kind.

export type Level = Happening["level"];
export type Code = Happening["code"];

/** The levels, the mildest first. */
export const LEVELS: readonly Level[] = ["info", "warning", "error"];

/** What happenings must be like; what is not given may be anything. */
export interface Wanted {
  readonly level: Level | undefined;
  readonly code: Code | undefined;
  /** Words of which each has to occur, in capitals or not. */
  readonly text: string;
}

function textOf({ code, message, topic = "", address = "", client }: Happening): string {
  return `${code} ${message} ${topic} ${address} ${client ?? ""}`.toLowerCase();
}

/** Those that are wanted, in the order in which they stand. */
export function choose(happenings: readonly Told[], { level, code, text }: Wanted): readonly Told[] {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  return happenings.filter(({ happening }) => {
    if (level !== undefined && happening.level !== level) return false;
    if (code !== undefined && happening.code !== code) return false;
    if (words.length === 0) return true;
    const all = textOf(happening);
    return words.every((word) => all.includes(word));
  });
}

/** How many there are of each level. */
export function countLevels(happenings: readonly Told[]): Readonly<Record<Level, number>> {
  const counts = { info: 0, warning: 0, error: 0 };
  for (const { happening } of happenings) counts[happening.level]++;
  return counts;
}

/** The codes that occur, by the alphabet, with how many there are of each. */
export function countCodes(happenings: readonly Told[]): readonly (readonly [Code, number])[] {
  const counts = new Map<Code, number>();
  for (const { happening } of happenings) counts.set(happening.code, (counts.get(happening.code) ?? 0) + 1);
  return [...counts].sort(([one], [other]) => one.localeCompare(other));
}
