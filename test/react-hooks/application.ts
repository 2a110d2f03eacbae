import { createElement, StrictMode, useState } from "react";
import { hydrateRoot } from "react-dom/client";
import { connect } from "../../src/client/index.ts";
import { RingcastProvider, useConnection, useLatest, useTopic } from "../../src/react/index.ts";

// A page with two lists of a topic, which can be taken away, and what else the hooks show.

/** A topic's events, as text. */
function List({ name }: { readonly name: string }) {
  const { error, events, gap } = useTopic<string>("orders", { lastN: 10 });
  return createElement(
    "ul",
    { id: name },
    ...events.map(({ epoch, offset, payload }) => createElement("li", { key: `${epoch} ${offset}` }, payload)),
    createElement("li", { className: "gap" }, gap?.reason ?? "no gap"),
    createElement("li", { className: "error" }, error?.code ?? "no error"),
  );
}

function Latest() {
  return createElement("p", { id: "latest" }, useLatest<string>("orders")?.payload ?? "nothing");
}

function Connection() {
  return createElement("p", { id: "connection" }, useConnection().state);
}

function Page() {
  const [isShown, setShown] = useState(true);
  const toggle = () => setShown((before) => !before);
  return createElement(
    "main",
    undefined,
    createElement("button", { type: "button", onClick: toggle }, "toggle"),
    createElement(Connection),
    ...(isShown
      ? [
          createElement(List, { name: "one", key: 1 }),
          createElement(List, { name: "two", key: 2 }),
          createElement(Latest, { key: 3 }),
        ]
      : []),
  );
}

/** The application. To render it opens nothing. */
export function application(url: string) {
  const client = connect(url, { clientId: "react" });
  const page = createElement(RingcastProvider, { client }, createElement(Page));
  return { client, page: createElement(StrictMode, undefined, page) };
}

/** Takes over what the server has rendered. */
export function start(root: Element, url: string): void {
  hydrateRoot(root, application(url).page);
}
