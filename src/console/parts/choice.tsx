import type { ComponentChildren } from "preact";

interface Option<Value> {
  readonly value: Value;
  readonly label: ComponentChildren;
  /** What it is called, where the label is only a picture. */
  readonly title?: string;
}

interface ChoiceProps<Value> {
  /** What is chosen, for those who can't see that. */
  readonly legend: string;
  readonly options: readonly Option<Value>[];
  readonly chosen: Value;
  readonly onChoose: (value: Value) => void;
}

/** One of a few, side by side. */
export function Choice<Value extends string | undefined>({ chosen, legend, onChoose, options }: ChoiceProps<Value>) {
  return (
    <fieldset class="segmented">
      <legend class="visually-hidden">{legend}</legend>
      {options.map(({ label, title, value }) => (
        <button
          key={value}
          type="button"
          title={title}
          aria-label={title}
          aria-pressed={chosen === value}
          onClick={() => onChoose(value)}
        >
          {label}
        </button>
      ))}
    </fieldset>
  );
}
