import { signal } from "@preact/signals";

const TICK_MS = 1000;

/** The time, told every second: for ages and countdowns. */
export const nowMs = signal(Date.now());

setInterval(() => {
  nowMs.value = Date.now();
}, TICK_MS);
