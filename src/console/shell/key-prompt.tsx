import { useEffect, useRef } from "preact/hooks";
import { keyProblem } from "../feed.ts";
import { focusHeading } from "../parts/focus.ts";
import { keepKey } from "../session.ts";

/** What no header can carry. */
const UNSENDABLE = /[^\x20-\xff]/;

/** Asks for the API key. */
export function KeyPrompt() {
  const input = useRef<HTMLInputElement>(null);
  useEffect(() => {
    input.current?.focus();
    // What had the focus goes, and a page comes in its place.
    return () => void requestAnimationFrame(focusHeading);
  }, []);
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    const key = input.current?.value.trim() ?? "";
    if (key === "") keyProblem.value = "Type the key first.";
    else if (UNSENDABLE.test(key)) keyProblem.value = "No key has such characters.";
    else keepKey(key);
  };
  const problem = keyProblem.value;
  return (
    <form class="card key-prompt" onSubmit={submit}>
      <h1>API key</h1>
      <p class="muted">This server needs a key of the role admin.</p>
      <div class="field">
        <label for="api-key">Key</label>
        <input
          ref={input}
          id="api-key"
          class="input mono"
          type="password"
          autocomplete="off"
          aria-invalid={problem !== undefined}
          aria-describedby="api-key-problem api-key-hint"
        />
        <p id="api-key-problem" class="error small" role="alert">
          {problem}
        </p>
      </div>
      <button type="submit" class="button button-primary">
        Open the console
      </button>
      <p id="api-key-hint" class="muted small">
        Kept for this tab only, and forgotten when it is closed.
      </p>
    </form>
  );
}
