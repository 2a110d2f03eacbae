import { formatCount } from "./format.ts";
import { Icon } from "./icon.tsx";

interface PauseButtonProps {
  readonly isPaused: boolean;
  /** How many have come meanwhile. */
  readonly waiting: number;
  readonly onToggle: () => void;
}

/** Lets a list stand still, so that it can be read, and go on. */
export function PauseButton({ isPaused, onToggle, waiting }: PauseButtonProps) {
  const came = waiting > 0 ? ` (${formatCount(waiting)} came)` : "";
  return (
    <button type="button" class="button" onClick={onToggle}>
      <Icon name={isPaused ? "play" : "pause"} />
      {isPaused ? `Resume${came}` : "Pause"}
    </button>
  );
}
