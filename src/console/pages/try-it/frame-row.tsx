import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { CopyButton } from "../../parts/copy-button.tsx";
import { formatBytes, formatDateTime } from "../../parts/format.ts";
import { explainCode } from "./explain.ts";
import { markDone } from "./first-steps.ts";
import { mode, rawText } from "./form.ts";
import type { Frame } from "./frame.ts";
import { gist } from "./gist.ts";
import { prettyJson } from "./pretty.ts";

/** As much of a frame as is shown; copying has all. */
const MAX_SHOWN = 100_000;
const TONES: Readonly<Record<string, string>> = {
  event: "badge-accent",
  ack: "badge-good",
  pong: "badge-good",
  error: "badge-bad",
  info: "badge-warn",
};

function body({ head, text }: Frame): string {
  const pretty = head.type === "text" ? text : prettyJson(text);
  if (pretty.length <= MAX_SHOWN) return pretty;
  return `${pretty.slice(0, MAX_SHOWN)}\n… ${pretty.length - MAX_SHOWN} more characters`;
}

function Details({ frame }: { readonly frame: Frame }) {
  const meaning = explainCode(frame.head.code);
  return (
    <div class="frame-body">
      {meaning === undefined ? null : <p>{meaning}</p>}
      <pre>{body(frame)}</pre>
      <div class="actions">
        <CopyButton text={frame.text} what="the frame" />
        <button
          type="button"
          class="button"
          onClick={() => {
            rawText.value = frame.text;
            mode.value = "raw";
          }}
        >
          Edit as raw frame
        </button>
      </div>
    </div>
  );
}

/** `12:03:04.123`: the day is today's. */
function Time({ atMs }: { readonly atMs: number }) {
  const text = formatDateTime(atMs);
  return (
    <time class="frame-time" title={text}>
      {text.slice(-12)}
    </time>
  );
}

function Line({ frame }: { readonly frame: Frame }) {
  const { code, topic, type } = frame.head;
  const isSent = frame.direction === "sent";
  return (
    <summary class="frame-line">
      <Time atMs={frame.atMs} />
      <span class={`frame-way frame-${frame.direction}`}>
        <span aria-hidden="true">{isSent ? "↑" : "↓"}</span>
        <span class="visually-hidden">{isSent ? "sent" : "received"}</span>
      </span>
      <span>
        <bdi class={`badge ${TONES[type] ?? ""}`}>{type}</bdi>
      </span>
      <span class="frame-gist truncate">
        {code === "" ? null : <strong class="frame-code">{code} </strong>}
        {topic === "" ? null : <bdi class="frame-topic">{topic} </bdi>}
        <bdi>{gist(frame)}</bdi>
      </span>
      <span class="frame-size num">{formatBytes(frame.size)}</span>
    </summary>
  );
}

function FrameRow({ frame }: { readonly frame: Frame }) {
  const [isOpen, setOpen] = useState(false);
  if (frame.direction === "note") {
    return (
      <li class="frame frame-note">
        <Time atMs={frame.atMs} />
        <span>{frame.text}</span>
      </li>
    );
  }
  return (
    <li class="frame">
      <details
        onToggle={(event) => {
          setOpen(event.currentTarget.open);
          if (event.currentTarget.open) markDone("read");
        }}
      >
        <Line frame={frame} />
        {isOpen ? <Details frame={frame} /> : null}
      </details>
    </li>
  );
}

const rows = new WeakMap<Frame, JSX.Element>();

/** A frame's row; the same one each time, which spares comparing 500 of them ten times a second. */
export function rowOf(frame: Frame): JSX.Element {
  const row = rows.get(frame) ?? <FrameRow key={frame.id} frame={frame} />;
  rows.set(frame, row);
  return row;
}
