import { computed, signal } from "@preact/signals";
import { Choice } from "../../parts/choice.tsx";
import { SearchField } from "../../parts/search-field.tsx";
import { type Filter, filtered } from "./frame-list.ts";
import { frames } from "./frames.ts";

const DIRECTIONS = [
  { value: "", label: "All" },
  { value: "sent", label: "Sent" },
  { value: "received", label: "Received" },
] as const;
const TYPES = ["event", "ack", "error", "info", "pong", "subscribe", "unsubscribe", "publish", "ping", "text"] as const;

const direction = signal<Filter["direction"]>("");
const type = signal("");
const text = signal("");

/** Those that the user wants to see. */
export const shownFrames = computed(() => {
  return filtered(frames.value, { direction: direction.value, type: type.value, text: text.value });
});

/** Shows all again. */
export function clearFilter(): void {
  direction.value = "";
  type.value = "";
  text.value = "";
}

/** By direction, type and text. */
export function FrameFilter() {
  return (
    <div class="frame-filter">
      <Choice
        legend="Direction"
        options={DIRECTIONS}
        chosen={direction.value}
        onChoose={(chosen) => {
          direction.value = chosen;
        }}
      />
      <select
        class="input"
        aria-label="Type"
        value={type.value}
        onChange={(event) => {
          type.value = event.currentTarget.value;
        }}
      >
        <option value="">All types</option>
        {TYPES.map((name) => (
          <option key={name}>{name}</option>
        ))}
      </select>
      <SearchField
        label="Text in the frame"
        value={text.value}
        onInput={(typed) => {
          text.value = typed;
        }}
      />
    </div>
  );
}
