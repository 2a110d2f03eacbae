import { useEffect, useState } from "preact/hooks";
import { Icon } from "../../parts/icon.tsx";

const TOLD_MS = 1500;

/** Without HTTPS, on another machine than one's own, browsers have no clipboard but by way of a selection. */
function copyBySelection(text: string): boolean {
  const area = document.createElement("textarea");
  area.value = text;
  area.className = "visually-hidden";
  document.body.append(area);
  area.select();
  const isCopied = document.execCommand("copy");
  area.remove();
  return isCopied;
}

async function copy(text: string): Promise<boolean> {
  if (!isSecureContext) return copyBySelection(text);
  return await navigator.clipboard.writeText(text).then(
    () => true,
    () => copyBySelection(text),
  );
}

/** Copies a text, and says that it did. */
export function CopyButton({ disabled = false, text }: { readonly disabled?: boolean; readonly text: string }) {
  const [said, setSaid] = useState("Copy");
  useEffect(() => {
    if (said === "Copy") return;
    const timer = setTimeout(() => setSaid("Copy"), TOLD_MS);
    return () => clearTimeout(timer);
  }, [said]);
  const click = async () => setSaid((await copy(text)) ? "Copied" : "Not allowed");
  return (
    <button type="button" class="button" disabled={disabled} onClick={click}>
      <Icon name={said === "Copied" ? "check" : "copy"} />
      <span role="status">{said}</span>
    </button>
  );
}
