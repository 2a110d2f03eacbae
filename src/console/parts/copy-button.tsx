import { useState } from "preact/hooks";
import { Icon } from "./icon.tsx";

const SHOWN_MS = 2000;

interface CopyButtonProps {
  readonly text: string;
  /** What is copied, for the button's label: "Copy …". */
  readonly what: string;
}

/** Copies a text. Pages that came neither by TLS nor from this machine may not, and so have no such button. */
export function CopyButton({ text, what }: CopyButtonProps) {
  const [isCopied, setCopied] = useState(false);
  if (!isSecureContext) return null;
  const copy = async () => {
    await navigator.clipboard.writeText(text);
    setCopied(true);
    setTimeout(() => setCopied(false), SHOWN_MS);
  };
  return (
    <button type="button" class="button button-quiet button-icon" aria-label={`Copy ${what}`} onClick={copy}>
      <Icon name={isCopied ? "check" : "copy"} />
      <span class="visually-hidden" role="status">
        {isCopied ? "Copied" : ""}
      </span>
    </button>
  );
}
