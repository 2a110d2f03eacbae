import { useMemo, useState } from "preact/hooks";
import { formatCount, formatThings } from "./format.ts";
import { Icon } from "./icon.tsx";
import {
  beginningOf,
  firstOpened,
  type JsonNode,
  type JsonRow,
  type Opened,
  readNode,
  rowsOf,
  STEP,
  sourceOf,
  tokensOf,
} from "./json-tree.ts";
import "./json-view.css";

/** A text that is longer is cut off at first; each further step shows so much more. */
const FIRST_CHARS = 400;
const STEP_CHARS = 20_000;
const KEY_CHARS = 200;
const FOLDED_CHARS = 60;
/** Beyond, rows go no further to the right. */
const MAX_INDENT = 24;

/** The beginning of a JSON text on one line, coloured. */
export function JsonLine({ maxChars, text }: { readonly text: string; readonly maxChars: number }) {
  return (
    <code class="json-line" dir="ltr">
      {tokensOf(text, maxChars).map(({ at, kind, text }) => (
        <bdi key={at} class={`json-${kind}`}>
          {text}
        </bdi>
      ))}
    </code>
  );
}

/** A scalar, at first only its beginning. */
function Scalar({ node, text }: { readonly text: string; readonly node: JsonNode }) {
  const [chars, setChars] = useState(FIRST_CHARS);
  const source = sourceOf(text, node);
  const left = source.length - chars;
  return (
    <>
      <bdi class={`json-${node.kind}`}>{beginningOf(source, chars)}</bdi>
      {left > 0 && (
        <button type="button" class="json-more" onClick={() => setChars(chars + STEP_CHARS)}>
          {left > STEP_CHARS
            ? `show ${formatCount(STEP_CHARS)} of ${formatCount(left)} more characters`
            : `show all, ${formatCount(left)} more characters`}
        </button>
      )}
    </>
  );
}

interface RowProps {
  readonly text: string;
  readonly row: JsonRow;
  readonly onToggle: (node: JsonNode, shown: number | undefined) => void;
  readonly shown: number;
}

function Row({ onToggle, row, shown, text }: RowProps) {
  const { depth, hasNext, key, kind, left, node } = row;
  const [open, close] = node.kind === "array" ? ["[", "]"] : ["{", "}"];
  const toggle = () => onToggle(node, kind === "open" ? undefined : STEP);
  const things = formatThings(node.count, node.kind === "array" ? "item" : "key");
  return (
    <div class="json-row" style={{ paddingLeft: `${Math.min(depth, MAX_INDENT) + 1.25}rem` }}>
      {(kind === "folded" || kind === "open") && (
        <button
          type="button"
          class="json-toggle"
          aria-expanded={kind === "open"}
          aria-label={`${key === undefined ? "" : `${beginningOf(key, KEY_CHARS)}, `}${things}`}
          onClick={toggle}
        >
          <Icon name={kind === "open" ? "chevron-down" : "chevron-right"} />
        </button>
      )}
      {key !== undefined && (
        <>
          <bdi class="json-key">
            {beginningOf(key, KEY_CHARS)}
            {key.length > KEY_CHARS && "…"}
          </bdi>
          {": "}
        </>
      )}
      {kind === "value" &&
        (node.kind === "array" || node.kind === "object" ? open + close : <Scalar text={text} node={node} />)}
      {kind === "open" && open}
      {kind === "close" && close}
      {kind === "folded" && (
        <>
          <JsonLine
            text={text.slice(node.start, Math.min(node.end, node.start + FOLDED_CHARS + 1))}
            maxChars={FOLDED_CHARS}
          />
          <span class="json-count">{things}</span>
        </>
      )}
      {kind === "more" && (
        <button type="button" class="json-more" onClick={() => onToggle(node, shown + STEP)}>
          {left > STEP ? `show ${STEP} of ${formatCount(left)} more` : `show all, ${formatCount(left)} more`}
        </button>
      )}
      {hasNext && ","}
    </div>
  );
}

/** A JSON text as it was written, laid out, coloured, and folded where there is much of it. */
export function JsonView({ text }: { readonly text: string }) {
  const root = useMemo(() => readNode(text), [text]);
  const [state, setState] = useState<{ readonly text: string; readonly opened: Opened }>();
  const opened = useMemo(() => (state?.text === text ? state.opened : firstOpened(text, root)), [state, text, root]);
  const rows = useMemo(() => rowsOf(text, root, opened), [text, root, opened]);
  const toggle = (node: JsonNode, shown: number | undefined) => {
    const next = new Map(opened);
    if (shown === undefined) next.delete(node.start);
    else next.set(node.start, shown);
    setState({ text, opened: next });
  };
  return (
    <div class="json" dir="ltr">
      {rows.map((row) => (
        <Row key={row.id} text={text} row={row} shown={opened.get(row.node.start) ?? STEP} onToggle={toggle} />
      ))}
    </div>
  );
}
