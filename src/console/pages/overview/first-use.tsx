import { config } from "../../feed.ts";
import { CopyButton } from "../../parts/copy-button.tsx";
import { hrefOf } from "../../router.ts";
import { firstSteps } from "../../snippets.ts";

/** What to do with a server that nobody has used yet. */
export function FirstUse() {
  const steps = firstSteps(location.origin, config.value?.key_needed === true);
  return (
    <section class="card first-use" aria-labelledby="first-use">
      <header class="page-header">
        <div>
          <h2 id="first-use">Send the first message</h2>
          <p class="muted">
            The server runs, and nobody has published yet. Topics begin by themselves with their first use.
          </p>
        </div>
        <a class="button button-primary" href={hrefOf("try-it")}>
          Try it here
        </a>
      </header>
      <div class="first-steps">
        {steps.map(({ title, code }) => (
          <div key={title}>
            <div class="first-step-title">
              <h3>{title}</h3>
              <CopyButton text={code} what={title} isQuiet />
            </div>
            <pre class="code">
              <code>{code}</code>
            </pre>
          </div>
        ))}
      </div>
    </section>
  );
}
