import { computed, signal } from "@preact/signals";

// What somebody who is here for the first time does, one thing after the other.

export type Step = "subscribe" | "publish" | "read";

export const doneSteps = signal<ReadonlySet<Step>>(new Set());
/** Whether the steps are shown: until the user has enough of them. */
export const stepsShown = signal(true);
/** The one to be done next; undefined once all are. */
export const nextStep = computed<Step | undefined>(() => {
  const steps: readonly Step[] = ["subscribe", "publish", "read"];
  return steps.find((step) => !doneSteps.value.has(step));
});

/** Notes that a step has been done, whichever way. */
export function markDone(step: Step): void {
  if (!doneSteps.value.has(step)) doneSteps.value = new Set([...doneSteps.value, step]);
}
