import { linkFacts } from "../feed.ts";
import { nowMs } from "../parts/clock.ts";
import { formatTime } from "../parts/format.ts";
import { Icon } from "../parts/icon.tsx";
import { type LinkStatus, linkStatus } from "./link-status.ts";

const DOTS = { off: "", connecting: "dot-warn", connected: "dot-good", gone: "dot-bad", refused: "dot-bad" } as const;

/** How the link is now. */
export function currentLink(): LinkStatus {
  return linkStatus(linkFacts.value, nowMs.value);
}

function retryWords(retryMs: number): string {
  return retryMs === 0 ? "reconnecting…" : `reconnecting in ${Math.ceil(retryMs / 1000)} s`;
}

function words(status: LinkStatus): string {
  switch (status.kind) {
    case "off":
      return "Not connected";
    case "connecting":
      return "Connecting…";
    case "connected":
      return "Connected";
    case "gone":
    case "refused": {
      const text = retryWords(status.retryMs);
      return text.charAt(0).toUpperCase() + text.slice(1);
    }
  }
}

/** The link in a word, always in sight. Changes are read out, the seconds of a countdown are not. */
export function LinkView() {
  const status = currentLink();
  const isTold = status.kind === "connected" || status.kind === "connecting";
  return (
    <div class="link-view">
      <span class={`dot ${DOTS[status.kind]}`} />
      <span>{words(status)}</span>
      <span class="visually-hidden" role="status">
        {isTold ? words(status) : ""}
      </span>
    </div>
  );
}

function Refused() {
  return (
    <p>
      <strong>The server answers, but refuses this page's WebSocket.</strong> If it runs with{" "}
      <code>-allowed-origins</code>, that list must have this page's origin, <code>{location.origin}</code>. It may also
      be full (<code>-max-connections</code>), or a proxy in between does not pass WebSockets on.
    </p>
  );
}

/** What is to be known while there is no link: since when, and that what is seen is old. */
export function LinkBanner() {
  const status = currentLink();
  if (status.kind !== "gone" && status.kind !== "refused") return null;
  const since = formatTime(status.sinceMs);
  return (
    <div class="notice notice-bad link-banner">
      <Icon name="warning" />
      <div role="alert">
        {status.kind === "refused" ? (
          <Refused />
        ) : (
          <p>
            <strong>The server is gone since {since}.</strong> What you see is as of {since}; this page comes back by
            itself.
          </p>
        )}
      </div>
    </div>
  );
}
