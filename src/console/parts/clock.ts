import { computed, signal } from "@preact/signals";

const TICK_MS = 1000;
/** Less than this is how long messages take, not how clocks differ. */
const TOLERANCE_MS = 2000;

/** This browser's time, told every second: for countdowns. */
export const nowMs = signal(Date.now());

/** By how much this browser's clock is ahead of the server's. */
const aheadMs = signal(0);

/** The server's time, told every second: for the ages of what it tells the times of. Clocks need not agree. */
export const serverNowMs = computed(() => nowMs.value - aheadMs.value);

/** Notes what the server's clock showed a moment ago. */
export function noteServerTime(atMs: number): void {
  const ahead = Date.now() - atMs;
  if (Math.abs(ahead - aheadMs.peek()) > TOLERANCE_MS) aheadMs.value = ahead;
}

setInterval(() => {
  nowMs.value = Date.now();
}, TICK_MS);
