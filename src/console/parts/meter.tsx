import "./meter.css";

interface Props {
  readonly value: number;
  readonly max: number;
  /** What it says beside the bar. */
  readonly text: string;
  /** From which share on it is a warning; not at all by default. */
  readonly warnAt?: number;
}

/** A small bar that shows a share, with its text. */
export function Meter({ max, text, value, warnAt = Number.POSITIVE_INFINITY }: Props) {
  const share = max > 0 ? Math.min(1, value / max) : 0;
  return (
    <span class="meter" data-warn={share >= warnAt}>
      <span class="meter-bar" style={{ "--share": `${share * 100}%` }} />
      <span class="meter-text">{text}</span>
    </span>
  );
}
