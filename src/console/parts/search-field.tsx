import { Icon } from "./icon.tsx";
import "./search-field.css";

interface Props {
  readonly label: string;
  readonly value: string;
  readonly onInput: (value: string) => void;
}

/** Looks in a list while it is typed into. */
export function SearchField({ label, onInput, value }: Props) {
  return (
    <label class="search grow">
      <Icon name="search" />
      <input
        class="input"
        type="search"
        aria-label={label}
        placeholder={label}
        autocomplete="off"
        spellcheck={false}
        value={value}
        onInput={({ currentTarget }) => onInput(currentTarget.value)}
      />
    </label>
  );
}
