/** Gives the focus to the heading of the page, so that it is read out; it can't be reached by Tab. */
export function focusHeading(): void {
  const heading = document.querySelector("h1");
  if (heading === null) return;
  heading.tabIndex = -1;
  heading.focus({ preventScroll: true });
}
