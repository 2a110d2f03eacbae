import { useEffect, useState } from "preact/hooks";
import { copyText } from "./clipboard.ts";
import { Icon } from "./icon.tsx";

const TOLD_MS = 2000;

interface CopyButtonProps {
  readonly text: string;
  /** What is copied, for who can't see where the button stands: "Copy …". */
  readonly what: string;
  /** Whether the icon alone is enough. */
  readonly isQuiet?: boolean;
  readonly disabled?: boolean;
}

/** Copies a text, and says that it did. */
export function CopyButton({ disabled = false, isQuiet = false, text, what }: CopyButtonProps) {
  const [said, setSaid] = useState("");
  useEffect(() => {
    if (said === "") return;
    const timer = setTimeout(() => setSaid(""), TOLD_MS);
    return () => clearTimeout(timer);
  }, [said]);
  const copy = async () => setSaid((await copyText(text)) ? "Copied" : "Not allowed");
  return (
    <button
      type="button"
      class={isQuiet ? "button button-quiet button-icon" : "button"}
      disabled={disabled}
      aria-label={`Copy ${what}`}
      title={said === "" ? undefined : said}
      onClick={copy}
    >
      <Icon name={said === "Copied" ? "check" : "copy"} />
      {isQuiet ? null : <span>{said || "Copy"}</span>}
      <span class="visually-hidden" role="status">
        {said}
      </span>
    </button>
  );
}
