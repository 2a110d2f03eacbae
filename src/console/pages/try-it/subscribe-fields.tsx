import type { Signal } from "@preact/signals";
import { Choice } from "../../parts/choice.tsx";
import { lastSeen } from "./actions.ts";
import { lastCount, REPLAYS, replayKind, sinceEpoch, sinceOffset } from "./form.ts";

interface SmallFieldProps {
  readonly id: string;
  readonly label: string;
  readonly text: Signal<string>;
  readonly inputMode: "numeric" | "text";
}

function SmallField({ id, inputMode, label, text }: SmallFieldProps) {
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <input
        id={id}
        class="input"
        autocomplete="off"
        inputMode={inputMode}
        value={text.value}
        onInput={(event) => {
          text.value = event.currentTarget.value;
        }}
      />
    </div>
  );
}

function SinceFields() {
  const seen = lastSeen();
  const take = () => {
    sinceEpoch.value = seen?.epoch ?? "";
    sinceOffset.value = String(seen?.offset ?? 0);
  };
  return (
    <>
      <SmallField id="try-epoch" label="Epoch" inputMode="text" text={sinceEpoch} />
      <SmallField id="try-offset" label="Offset" inputMode="numeric" text={sinceOffset} />
      <button type="button" class="button" disabled={seen === undefined} onClick={take}>
        Last seen
      </button>
    </>
  );
}

const HINTS = {
  none: "Only what is published from now on.",
  last: "The newest messages that the topic holds, then what comes.",
  since: "What follows a position: the epoch of an ack, and the offset of the last event that was handled.",
} as const;

/** From where a subscription begins. */
export function SubscribeFields() {
  return (
    <>
      <div class="field">
        <span class="label">Begin with</span>
        <Choice
          legend="Begin with"
          options={REPLAYS}
          chosen={replayKind.value}
          onChoose={(kind) => {
            replayKind.value = kind;
          }}
        />
      </div>
      {replayKind.value === "none" ? null : (
        <div class="try-row">
          {replayKind.value === "last" ? (
            <SmallField id="try-last" label="How many" inputMode="numeric" text={lastCount} />
          ) : (
            <SinceFields />
          )}
        </div>
      )}
      <p class="muted small">{HINTS[replayKind.value]}</p>
    </>
  );
}
