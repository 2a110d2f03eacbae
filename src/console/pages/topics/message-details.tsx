import { useState } from "preact/hooks";
import { serverInfo } from "../../feed.ts";
import { CopyButton } from "../../parts/copy-button.tsx";
import { formatCount, formatDateTime, formatThings } from "../../parts/format.ts";
import { JsonView } from "../../parts/json-view.tsx";
import { Name } from "../../parts/name.tsx";
import type { Message } from "./held-messages.ts";
import { TraceView } from "./trace-view.tsx";

interface Props {
  readonly topic: string;
  readonly message: Message;
  /** Whether the topic still holds it: if not, its trace is gone, too. */
  readonly isHeld: boolean;
  /** Whether it shows because it is the newest. */
  readonly isFollowing: boolean;
  /** Goes back to the newest; undefined where none come. */
  readonly onFollow: (() => void) | undefined;
}

/** One message whole. */
export function MessageDetails({ isFollowing, isHeld, message, onFollow, topic }: Props) {
  const [isTraced, setTraced] = useState(false);
  const { id, offset, payload, ts } = message;
  return (
    <section class="message-details" aria-label={`Message ${offset}`}>
      <div class="message-head">
        <h3>
          Message {formatCount(offset)}
          {isFollowing && <span class="badge newest-badge">newest</span>}
        </h3>
        <div class="actions">
          {!isFollowing && onFollow !== undefined && (
            <button type="button" class="button button-quiet" onClick={onFollow}>
              To the newest
            </button>
          )}
          {serverInfo.value?.trace === true && (isHeld || isTraced) && (
            <button
              type="button"
              class="button button-quiet"
              aria-expanded={isTraced}
              onClick={() => setTraced(!isTraced)}
            >
              Trace
            </button>
          )}
          <CopyButton text={payload} what="the payload" isQuiet />
        </div>
      </div>
      <p class="muted small message-meta">
        {formatDateTime(Date.parse(ts))} · {formatThings(payload.length, "character")}
        <br />
        <span class="mono">
          <Name text={id} />
        </span>
      </p>
      {isTraced && <TraceView topic={topic} offset={offset} />}
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must have the focus to be scrolled by keys */}
      <section class="message-payload" aria-label="Payload" tabIndex={0}>
        <JsonView text={payload} />
      </section>
    </section>
  );
}
