import { signal } from "@preact/signals";

/** The time that the user points to in a chart, and that all charts then show; undefined: now. */
export const pointedMs = signal<number | undefined>(undefined);
