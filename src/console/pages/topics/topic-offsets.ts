import type { Position } from "../../../client/index.ts";
import type { TopicDetails } from "../../api.ts";

// What a topic still holds of what was published to it, by offsets.

/** How many messages it holds; a server may keep none (-ring-buffer-size=0). */
function heldCount({ newest_offset: newest, oldest_offset: oldest }: TopicDetails): number {
  return oldest === 0 ? 0 : newest - oldest + 1;
}

/** Whether it still holds a message. */
export function isHeld({ epoch, offset }: Position, details: TopicDetails): boolean {
  return heldCount(details) > 0 && epoch === details.epoch && offset >= details.oldest_offset;
}

/** How many of those that it holds came after a position; all of them after one of another incarnation, or none. */
export function heldAfter(position: Position | undefined, details: TopicDetails): number {
  const since = position?.epoch === details.epoch ? position.offset : 0;
  return Math.max(0, Math.min(heldCount(details), details.newest_offset - since));
}
