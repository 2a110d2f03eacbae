import { RingcastError } from "./errors.ts";

/** Where relative URLs start from: only pages and their workers have this one. */
declare const location: { readonly href: string } | undefined;

/**
 * The WebSocket URL that a text names: `ws:`, `wss:`, or the `http:` or `https:` form of it; in a page also relative to it.
 * @throws RingcastError `UNSUPPORTED` if it is no such URL
 */
export function webSocketUrl(text: string): string {
  // A page that is rendered on a server: there is nothing that it could be relative to, and nothing is to be opened.
  if (text.startsWith("/") && typeof location === "undefined") return text;
  try {
    const url = new URL(text, typeof location === "undefined" ? undefined : location.href);
    url.protocol = url.protocol.replace(/^http/, "ws");
    url.hash = "";
    if (/^wss?:/.test(url.href)) return url.href;
  } catch {
    // The error says the same for every text that is no such URL.
  }
  throw new RingcastError("UNSUPPORTED", `${JSON.stringify(text)} is not a WebSocket URL like wss://example.com/ws`);
}
