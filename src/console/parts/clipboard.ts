/** Without HTTPS, on another machine than one's own, browsers have no clipboard but by way of a selection. */
function copyBySelection(text: string): boolean {
  const before = document.activeElement;
  const area = document.createElement("textarea");
  area.value = text;
  area.className = "visually-hidden";
  document.body.append(area);
  area.select();
  const isCopied = document.execCommand("copy");
  area.remove();
  // The selection took the focus.
  if (before instanceof HTMLElement) before.focus({ preventScroll: true });
  return isCopied;
}

/** Copies a text; resolves to whether the browser let it. */
export async function copyText(text: string): Promise<boolean> {
  if (!isSecureContext) return copyBySelection(text);
  return await navigator.clipboard.writeText(text).then(
    () => true,
    () => copyBySelection(text),
  );
}
