import type { ComponentChildren } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { Dialog } from "./dialog.tsx";

interface Props {
  readonly title: string;
  /** What the button says that does it. */
  readonly action: string;
  /** Does it; where that fails, the dialog stays and says why. */
  readonly onConfirm: () => Promise<void>;
  readonly onClose: () => void;
  readonly children: ComponentChildren;
}

/** Asks before something is done that can't be undone. Enter alone does nothing: the focus is on the way back. */
export function Confirm({ action, children, onClose, onConfirm, title }: Props) {
  const [isBusy, setBusy] = useState(false);
  const [problem, setProblem] = useState("");
  const cancel = useRef<HTMLButtonElement>(null);
  const isOpen = useRef(true);
  useEffect(() => {
    cancel.current?.focus();
    return () => {
      isOpen.current = false;
    };
  }, []);
  const confirm = async () => {
    setBusy(true);
    try {
      await onConfirm();
      // Where the user did not wait for it, another question may be open by now.
      if (isOpen.current) onClose();
    } catch (error) {
      setProblem(error instanceof Error ? error.message : String(error));
      setBusy(false);
    }
  };
  return (
    <Dialog title={title} onClose={onClose}>
      <div>{children}</div>
      {problem !== "" && (
        <p class="error" role="alert">
          It did not work: {problem}.
        </p>
      )}
      <div class="actions">
        <button type="button" class="button" ref={cancel} onClick={onClose}>
          Cancel
        </button>
        <button type="button" class="button button-danger" disabled={isBusy} onClick={() => void confirm()}>
          {action}
        </button>
      </div>
    </Dialog>
  );
}
