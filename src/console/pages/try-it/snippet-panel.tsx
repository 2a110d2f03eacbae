import { signal } from "@preact/signals";
import { config } from "../../feed.ts";
import { Choice } from "../../parts/choice.tsx";
import { CopyButton } from "../../parts/copy-button.tsx";
import { LANGUAGES, type Language, snippet } from "../../parts/snippets/snippets.ts";
import { mode, topic, wish } from "./form.ts";

const language = signal<Language>("curl");

function reason(): string {
  if (mode.value === "raw") return "A raw frame has no other form.";
  return topic.value === "" ? "Name a topic first." : "The payload must be JSON first.";
}

/** What the form asks for, to be taken elsewhere. */
export function SnippetPanel() {
  const target = { origin: location.origin, keyNeeded: config.value?.key_needed === true };
  const text = wish.value === undefined ? undefined : snippet(language.value, target, wish.value);
  return (
    <section class="card try-copies" aria-labelledby="try-copy">
      <div class="card-header">
        <h2 id="try-copy">Copy as</h2>
        <div class="actions">
          <Choice
            legend="Copy as"
            options={LANGUAGES}
            chosen={language.value}
            onChoose={(chosen) => {
              language.value = chosen;
            }}
          />
          <CopyButton text={text ?? ""} what="it" disabled={text === undefined} />
        </div>
      </div>
      {text === undefined ? (
        <p class="card-body muted">{reason()}</p>
      ) : (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: it may scroll, and a keyboard has to get there
        <section class="try-snippet" tabIndex={0} aria-label="What is copied">
          <pre>{text}</pre>
        </section>
      )}
    </section>
  );
}
