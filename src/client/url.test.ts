import { afterEach, expect, test, vi } from "vitest";
import { webSocketUrl } from "./url.ts";

afterEach(() => {
  vi.unstubAllGlobals();
});

test.each([
  ["wss://example.com/ws", "wss://example.com/ws"],
  ["https://example.com/live/ws?token=x", "wss://example.com/live/ws?token=x"],
  ["http://localhost:8080/ws#part", "ws://localhost:8080/ws"],
])("%s names the WebSocket %s", (text, url) => {
  expect(webSocketUrl(text)).toBe(url);
});

test("in a page, a path will do", () => {
  vi.stubGlobal("location", { href: "https://example.com/orders/live.html" });
  expect([webSocketUrl("/ws"), webSocketUrl("ws")]).toEqual(["wss://example.com/ws", "wss://example.com/orders/ws"]);
});

test("where a page is rendered on a server, a path is left as it is: nothing is to be opened there", () => {
  expect(webSocketUrl("/ws?tenant=1")).toBe("/ws?tenant=1");
});

test.each(["", "example.com", "ftp://example.com", "wss://exa mple", "javascript:alert(1)"])(
  "%j is refused with an error that shows a right one",
  (text) => {
    const refusal = expect.objectContaining({ code: "UNSUPPORTED", message: expect.stringContaining("wss://") });
    expect(() => webSocketUrl(text)).toThrow(refusal);
  },
);
