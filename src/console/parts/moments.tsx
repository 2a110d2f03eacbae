import { serverNowMs } from "./clock.ts";
import { formatAge, formatDateTime, formatDuration } from "./format.ts";

// Times that the server told, as how long ago they are; which time that is stands there for a pointer.

interface MomentProps {
  readonly atMs: number;
}

/** For how long something has been: `2 min 5 s`. */
export function Since({ atMs }: MomentProps) {
  return <span title={formatDateTime(atMs)}>{formatDuration(serverNowMs.value - atMs)}</span>;
}

/** How long ago something was: `2 min ago`. */
export function Ago({ atMs }: MomentProps) {
  return <span title={formatDateTime(atMs)}>{formatAge(atMs, serverNowMs.value)}</span>;
}
