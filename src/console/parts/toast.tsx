import { signal } from "@preact/signals";
import "./toast.css";

/** As long as it takes to read a sentence twice. */
const SHOWN_MS = 6000;

const message = signal("");
let timer: ReturnType<typeof setTimeout> | undefined;

/** Says for a moment what was done, to the eye and to screen readers. */
export function say(text: string): void {
  message.value = text;
  clearTimeout(timer);
  timer = setTimeout(() => {
    message.value = "";
  }, SHOWN_MS);
}

/** Where that is said; once in the page, from its beginning, so that screen readers know of it. */
export function Toast() {
  return (
    <div class="toast" role="status" data-shown={message.value !== ""}>
      {message.value}
    </div>
  );
}
