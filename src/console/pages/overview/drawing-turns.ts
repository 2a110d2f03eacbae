// Work that can wait is done one piece a frame, so that no frame is late for it. Nothing is done while nobody looks.

const waiting = new Set<() => void>();
let isPlanned = false;

function plan(): void {
  if (isPlanned || waiting.size === 0) return;
  isPlanned = true;
  requestAnimationFrame(() => {
    isPlanned = false;
    const [work] = waiting;
    if (work === undefined) return;
    waiting.delete(work);
    work();
    plan();
  });
}

/** Does a piece of work in one of the next frames; once, however often it is asked for until then. */
export function doInAFrame(work: () => void): void {
  waiting.add(work);
  plan();
}

/** Leaves out a piece of work that still waits. */
export function leaveOut(work: () => void): void {
  waiting.delete(work);
}
