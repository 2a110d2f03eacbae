import type { Example } from "./examples.ts";

interface ExampleSelectProps {
  readonly id: string;
  readonly examples: readonly Example[];
  readonly choose: (payload: string) => void;
}

/** Something to begin with: it takes the place of what stands in the field. */
export function ExampleSelect({ choose, examples, id }: ExampleSelectProps) {
  return (
    <>
      <label for={id} class="visually-hidden">
        Begin with an example
      </label>
      <select
        id={id}
        class="input try-examples"
        value=""
        onChange={(event) => {
          const example = examples.find(({ title }) => title === event.currentTarget.value);
          if (example !== undefined) choose(example.payload);
          event.currentTarget.value = "";
        }}
      >
        <option value="">Examples…</option>
        {examples.map(({ title }) => (
          <option key={title}>{title}</option>
        ))}
      </select>
    </>
  );
}
