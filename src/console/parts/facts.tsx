import type { ComponentChildren } from "preact";

/** A name and its value. */
export type Fact = readonly [name: string, value: ComponentChildren];

/** Something in figures: names with their values. */
export function Facts({ class: name, facts }: { readonly facts: readonly Fact[]; readonly class: string }) {
  return (
    <dl class={`facts ${name}`}>
      {facts.map(([term, value]) => (
        <div key={term}>
          <dt>{term}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}
