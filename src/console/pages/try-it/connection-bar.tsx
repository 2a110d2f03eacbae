import { Icon } from "../../parts/icon.tsx";
import { ping, unsubscribe } from "./actions.ts";
import { connection, connectSocket, disconnectSocket, subscriptions } from "./connection.ts";

const LOOKS = {
  closed: { dot: "", words: "Not connected" },
  connecting: { dot: "dot-warn", words: "Connecting…" },
  open: { dot: "dot-good", words: "Connected" },
} as const;

/** How the playground's own connection is, and what can be done with it. */
export function ConnectionBar() {
  const { state } = connection.value;
  const { dot, words } = LOOKS[state];
  return (
    <div class="actions">
      <span class="try-state" role="status">
        <span class={`dot ${dot}`} />
        {words}
      </span>
      <button type="button" class="button" disabled={state !== "open"} onClick={ping}>
        Ping
      </button>
      {state === "closed" ? (
        // What comes of it shows in the state.
        <button type="button" class="button" onClick={() => void connectSocket().catch(() => {})}>
          Connect
        </button>
      ) : (
        <button type="button" class="button" onClick={disconnectSocket}>
          Disconnect
        </button>
      )}
    </div>
  );
}

/** Why the last connection ended, unless the user wanted it. */
export function Ending() {
  const { value } = connection;
  const ending = value.state === "closed" ? value.ending : undefined;
  return (
    <div role="status">
      {ending?.isBad === true ? (
        <div class="notice notice-warn try-ending">
          <Icon name="warning" />
          <p>
            <strong>{ending.title}.</strong> {ending.advice}
          </p>
        </div>
      ) : null}
    </div>
  );
}

/** What the connection is subscribed to. */
export function Subscriptions() {
  if (subscriptions.value.length === 0) return null;
  return (
    <ul class="try-subscriptions" aria-label="Subscribed to">
      <li class="muted small" aria-hidden="true">
        Subscribed to
      </li>
      {subscriptions.value.map(({ topic }) => (
        <li key={topic} class="try-chip">
          <bdi class="truncate" title={topic}>
            {topic}
          </bdi>
          <button type="button" aria-label={`Unsubscribe from ${topic}`} onClick={() => unsubscribe(topic)}>
            <Icon name="close" />
          </button>
        </li>
      ))}
    </ul>
  );
}
