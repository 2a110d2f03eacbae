import type { State } from "../../client/index.ts";

// What the state of the link means to whoever looks at the page.

/** How often in a row a server that answers otherwise may refuse the WebSocket before we say that it does. */
const REFUSALS_TO_TELL = 2;

/** What is known about the link. */
export interface LinkFacts {
  readonly state: State;
  /** When the link was lost, or the first try failed; undefined while there is one. */
  readonly lostAtMs: number | undefined;
  /** When the next try begins; undefined where none is planned. */
  readonly retryAtMs: number | undefined;
  /** How often in a row the server answered by HTTP, and yet no WebSocket opened. */
  readonly refusals: number;
}

/** The link, as it is told. */
export type LinkStatus =
  | { readonly kind: "off" | "connecting" | "connected" }
  | { readonly kind: "gone" | "refused"; readonly sinceMs: number; readonly retryMs: number };

/** What to say of the link at a time. */
export function linkStatus({ state, lostAtMs, retryAtMs, refusals }: LinkFacts, nowMs: number): LinkStatus {
  switch (state.state) {
    case "open":
      return { kind: "connected" };
    case "idle":
    case "closed":
      return { kind: "off" };
    case "connecting":
    case "waiting": {
      if (lostAtMs === undefined) return { kind: "connecting" };
      const retryMs = Math.max(0, (retryAtMs ?? nowMs) - nowMs);
      return { kind: refusals >= REFUSALS_TO_TELL ? "refused" : "gone", sinceMs: lostAtMs, retryMs };
    }
  }
}
