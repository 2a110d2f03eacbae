import type { Frame } from "./frame.ts";

/** As many frames as the list shows. */
export const MAX_FRAMES = 500;
/** And as much text, in UTF-16 units: a frame may have a mebibyte. */
export const MAX_TEXT = 8 * 1024 * 1024;

/** The newest of frames, oldest first, within bounds; the newest stays whatever its size. */
export function newest(frames: readonly Frame[]): readonly Frame[] {
  let room = MAX_TEXT;
  let from = frames.length;
  while (from > 0 && frames.length - from < MAX_FRAMES) {
    room -= frames[from - 1]?.text.length ?? 0;
    if (room < 0 && from < frames.length) break;
    from--;
  }
  return frames.slice(from);
}

/** Which frames the user wants to see; what is empty wants all. */
export interface Filter {
  readonly direction: "" | "sent" | "received";
  readonly type: string;
  readonly text: string;
}

/** Those that the filter lets through; the page's own notes stand among all, and among nothing else. */
export function filtered(frames: readonly Frame[], { direction, text, type }: Filter): readonly Frame[] {
  const wanted = text.toLowerCase();
  return frames.filter(
    (frame) =>
      (direction === "" || frame.direction === direction) &&
      (type === "" || frame.head.type === type) &&
      (wanted === "" || frame.text.toLowerCase().includes(wanted)),
  );
}
