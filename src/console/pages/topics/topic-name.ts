import { byteLength, isName, MAX_NAME_BYTES } from "../../../protocol/limits.ts";
import { isSystemName, SYSTEM_PREFIX } from "../../../protocol/system-topics.ts";

/** Why a topic can't have a name; undefined where it can. */
export function nameProblem(name: string): string | undefined {
  if (name === "") return "A topic needs a name.";
  if (byteLength(name) > MAX_NAME_BYTES) return `It is ${byteLength(name)} bytes long; ${MAX_NAME_BYTES} are the most.`;
  if (!isName(name)) return "It has control characters in it, such as a tab or a line break.";
  if (isSystemName(name)) return `Names that begin with ${SYSTEM_PREFIX} are the server's own.`;
  if (!isAddressable(name)) return "A URL can't hold this name, so the console and REST could not reach it.";
  return undefined;
}

/** Whether REST can reach a topic: these two names mean something else in every URL, even encoded. */
export function isAddressable(name: string): boolean {
  return name !== "." && name !== "..";
}
