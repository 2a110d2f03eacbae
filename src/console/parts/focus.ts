import { useLayoutEffect } from "preact/hooks";

/** Gives the focus to the heading of the page, so that it is read out; it can't be reached by Tab. */
export function focusHeading(): void {
  const heading = document.querySelector("h1");
  if (heading === null) return;
  heading.tabIndex = -1;
  heading.focus({ preventScroll: true });
}

function giveBack(before: Element | null): void {
  const isThere = before instanceof HTMLElement && before.isConnected && before !== document.body;
  if (isThere) before.focus({ preventScroll: true });
  else focusHeading();
}

/** Gives the focus back, when the component goes, to what had it before; to the page's heading if that is gone. */
export function useFocusBack(): void {
  // Before anything in it takes the focus.
  useLayoutEffect(() => {
    const before = document.activeElement;
    // Once all of it is gone: while a dialog is open, nothing else can have the focus.
    return () => queueMicrotask(() => giveBack(before));
  }, []);
}
