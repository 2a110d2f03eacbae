import type { Signal } from "@preact/signals";
import { useRef } from "preact/hooks";
import { formatBytes } from "../../parts/format.ts";
import type { JsonProblem } from "./json-problem.ts";

const encoder = new TextEncoder();

interface JsonFieldProps {
  readonly id: string;
  readonly label: string;
  readonly text: Signal<string>;
  readonly rows: number;
  /** What is wrong with the text; undefined where it may be anything, or nothing is. */
  readonly problem: JsonProblem | undefined;
  /** What to say where nothing is wrong. */
  readonly praise: string;
}

/** A text of several lines, with what is wrong with it beneath. The text itself is never touched. */
export function JsonField({ id, label, praise, problem, rows, text }: JsonFieldProps) {
  const area = useRef<HTMLTextAreaElement>(null);
  const goThere = (index: number) => {
    area.current?.focus();
    area.current?.setSelectionRange(index, index + 1);
  };
  return (
    <div class="field">
      <label for={id} class="visually-hidden">
        {label}
      </label>
      <textarea
        ref={area}
        id={id}
        class="input"
        rows={rows}
        spellcheck={false}
        autocomplete="off"
        autocapitalize="off"
        value={text.value}
        aria-invalid={problem !== undefined}
        aria-describedby={`${id}-verdict`}
        onInput={(event) => {
          text.value = event.currentTarget.value;
        }}
      />
      <div id={`${id}-verdict`} class="try-verdict small">
        {problem === undefined ? (
          <span class="muted">
            {praise}, {formatBytes(encoder.encode(text.value).byteLength)}
          </span>
        ) : (
          <button type="button" class="try-problem" onClick={() => goThere(problem.index)}>
            Line {problem.line}, column {problem.column}: {problem.message}
          </button>
        )}
      </div>
    </div>
  );
}
