import type { Signal } from "@preact/signals";

interface ChoiceProps<Value extends string> {
  /** What is chosen, for those who can't see that. */
  readonly legend: string;
  readonly options: readonly { readonly value: Value; readonly label: string }[];
  readonly chosen: Signal<Value>;
}

/** One of a few, side by side. */
export function Choice<Value extends string>({ chosen, legend, options }: ChoiceProps<Value>) {
  return (
    <fieldset class="segmented try-choice">
      <legend class="visually-hidden">{legend}</legend>
      {options.map(({ label, value }) => (
        <button
          key={value}
          type="button"
          aria-pressed={chosen.value === value}
          onClick={() => {
            chosen.value = value;
          }}
        >
          {label}
        </button>
      ))}
    </fieldset>
  );
}
