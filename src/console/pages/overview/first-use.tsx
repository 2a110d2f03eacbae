import { config } from "../../feed.ts";
import { CopyButton } from "../../parts/copy-button.tsx";
import { snippet, type Target } from "../../parts/snippets/snippets.ts";
import { hrefOf } from "../../router.ts";

const TOPIC = "hello";
const RECEIVE = { type: "subscribe", topic: TOPIC, replay: { kind: "none" } } as const;
const PUBLISH = { type: "publish", topic: TOPIC, id: "", payload: '{"text":"Hello"}', dedupe: false } as const;

function firstSteps(target: Target) {
  return [
    { title: "Receive, in a shell", code: snippet("cli", target, RECEIVE) },
    { title: "Publish, with curl", code: snippet("curl", target, PUBLISH) },
    { title: "Receive, in your code", code: snippet("sdk", target, RECEIVE) },
  ];
}

/** What to do with a server that nobody has used yet. */
export function FirstUse() {
  const steps = firstSteps({ origin: location.origin, keyNeeded: config.value?.key_needed === true });
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
