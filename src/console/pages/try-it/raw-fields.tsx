import { ExampleSelect } from "./example-select.tsx";
import { RAW_EXAMPLES } from "./examples.ts";
import { rawText } from "./form.ts";
import { JsonField } from "./json-field.tsx";

/** A frame as it is, right or wrong. */
export function RawFields() {
  return (
    <>
      <div class="try-above">
        <span class="label" aria-hidden="true">
          Text of the frame
        </span>
        <ExampleSelect
          id="try-raw-examples"
          examples={RAW_EXAMPLES}
          choose={(text) => {
            rawText.value = text;
          }}
        />
      </div>
      <JsonField
        id="try-raw"
        label="Text of the frame"
        rows={8}
        text={rawText}
        problem={undefined}
        praise="Sent as it is, right or wrong"
      />
    </>
  );
}
