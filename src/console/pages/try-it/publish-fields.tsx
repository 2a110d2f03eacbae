import { ExampleSelect } from "./example-select.tsx";
import { EXAMPLES } from "./examples.ts";
import { dedupe, messageId, payload, payloadProblem } from "./form.ts";
import { JsonField } from "./json-field.tsx";
import { prettyJson } from "./pretty.ts";

/** What is published. */
export function PublishFields() {
  const problem = payloadProblem.value;
  return (
    <>
      <div class="try-above">
        <span class="label" aria-hidden="true">
          Payload
        </span>
        <div class="actions">
          <ExampleSelect
            id="try-examples"
            examples={EXAMPLES}
            choose={(text) => {
              payload.value = text;
            }}
          />
          <button
            type="button"
            class="button button-quiet"
            disabled={problem !== undefined}
            title="Line breaks and indents; numbers and strings stay as they are"
            onClick={() => {
              payload.value = prettyJson(payload.value);
            }}
          >
            Format
          </button>
        </div>
      </div>
      <JsonField id="try-payload" label="Payload" rows={8} text={payload} problem={problem} praise="Valid JSON" />
      <div class="try-row">
        <div class="field">
          <label for="try-id">
            Message id <span class="muted">(optional)</span>
          </label>
          <input
            id="try-id"
            class="input"
            autocomplete="off"
            placeholder="made for you"
            value={messageId.value}
            onInput={(event) => {
              messageId.value = event.currentTarget.value;
            }}
          />
        </div>
        <label class="check try-dedupe" title="Publish nothing if the topic still holds a message with this id">
          <input
            type="checkbox"
            checked={dedupe.value}
            onChange={(event) => {
              dedupe.value = event.currentTarget.checked;
            }}
          />
          Dedupe
        </label>
      </div>
    </>
  );
}
