import type { Gap } from "../../../client/index.ts";

const REASONS: Readonly<Record<Gap["reason"], string>> = {
  expired: "the topic no longer held them",
  dropped: "the console did not keep up",
  recreated: "the topic began anew",
  invalid: "it could not be read",
};

/** Says which messages are missing, and why. */
export function gapText({ from, reason, to }: Gap): string {
  const which =
    to === null ? `Messages from ${from} on are` : from === to ? `Message ${from} is` : `Messages ${from} to ${to} are`;
  return `${which} missing: ${REASONS[reason]}`;
}
