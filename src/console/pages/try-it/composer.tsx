import { Choice } from "../../parts/choice.tsx";
import { isSubscribed, submit, unsubscribe } from "./actions.ts";
import { outcome } from "./connection.ts";
import { Subscriptions } from "./connection-bar.tsx";
import { MODES, type Mode, mode, topic } from "./form.ts";
import { PublishFields } from "./publish-fields.tsx";
import { RawFields } from "./raw-fields.tsx";
import { SubscribeFields } from "./subscribe-fields.tsx";

const SUBMIT_LABELS: Readonly<Record<Mode, string>> = { subscribe: "Subscribe", publish: "Publish", raw: "Send" };
const IS_MAC = navigator.platform.startsWith("Mac");

function Fields() {
  switch (mode.value) {
    case "subscribe":
      return <SubscribeFields />;
    case "publish":
      return <PublishFields />;
    case "raw":
      return <RawFields />;
  }
}

function TopicField() {
  return (
    <div class="field">
      <label for="try-topic">Topic</label>
      <input
        id="try-topic"
        class="input"
        autocomplete="off"
        autocapitalize="off"
        spellcheck={false}
        value={topic.value}
        onInput={(event) => {
          topic.value = event.currentTarget.value;
        }}
      />
      <Subscriptions />
    </div>
  );
}

function Buttons() {
  return (
    <div class="try-buttons">
      <button type="submit" class="button button-primary" aria-keyshortcuts="Control+Enter Meta+Enter">
        {SUBMIT_LABELS[mode.value]}
      </button>
      {mode.value === "subscribe" ? (
        <button type="button" class="button" disabled={!isSubscribed()} onClick={() => unsubscribe(topic.value)}>
          Unsubscribe
        </button>
      ) : null}
      <span class="try-shortcut muted small" aria-hidden="true">
        <kbd>{IS_MAC ? "⌘" : "Ctrl"}</kbd> <kbd>Enter</kbd>
      </span>
    </div>
  );
}

/** Where requests are made. Ctrl or Cmd with Enter sends them from every field. */
export function Composer() {
  const said = outcome.value;
  return (
    <form
      class="card try-composer"
      aria-label="Request"
      onSubmit={(event) => {
        event.preventDefault();
        submit();
      }}
      onKeyDown={(event) => {
        if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
        event.preventDefault();
        submit();
      }}
    >
      <Choice
        legend="What to send"
        options={MODES}
        chosen={mode.value}
        onChoose={(chosen) => {
          mode.value = chosen;
        }}
      />
      {mode.value === "raw" ? <Subscriptions /> : <TopicField />}
      <Fields />
      <Buttons />
      <p role="status" class={`small try-outcome ${said === undefined || said.isGood ? "" : "error"}`}>
        {said?.text}
      </p>
    </form>
  );
}
