import { afterEach, expect, test, vi } from "vitest";
import { connect } from "./index.ts";
import type { WebSocketLike } from "./platform.ts";

afterEach(() => vi.unstubAllGlobals());

/** A WebSocket class that notes how it is called, and never opens. */
function recordingClass() {
  const calls: unknown[][] = [];
  class Recording implements WebSocketLike {
    onopen = null;
    onmessage = null;
    onerror = null;
    onclose: (() => void) | null = null;

    constructor(...words: unknown[]) {
      calls.push(words);
    }

    send(): void {}

    close(): void {
      this.onclose?.();
    }
  }
  return { calls, Recording };
}

const URL = "ws://127.0.0.1:8080/ws";

test("without a WebSocket of its own or a given one, connect throws an error that says what to do", () => {
  vi.stubGlobal("WebSocket", undefined);
  const unsupported = expect.objectContaining({ code: "UNSUPPORTED", message: expect.stringContaining("webSocket") });
  expect(() => connect(URL)).toThrow(unsupported);
  expect(() => connect(URL, { getToken: async () => "token" })).toThrow(unsupported);
});

test("a given class is used in place of the runtime's own, with the headers as third argument", async () => {
  const own = recordingClass();
  vi.stubGlobal("WebSocket", own.Recording);
  const { calls, Recording } = recordingClass();
  await connect(URL, { webSocket: Recording }).close();
  await connect(URL, { webSocket: Recording, apiKey: "key" }).close();
  await connect(URL, { webSocket: Recording, token: "abc" }).close();
  expect(calls).toEqual([
    [URL, ["ringcast.v1"], { headers: {} }],
    [URL, ["ringcast.v1"], { headers: { "X-API-Key": "key" } }],
    [URL, ["ringcast.v1", "token.abc"], { headers: {} }],
  ]);
  expect(own.calls).toEqual([]);
});

test("the runtime's own class gets no headers unless there is an API key", async () => {
  const { calls, Recording } = recordingClass();
  vi.stubGlobal("WebSocket", Recording);
  await connect(URL).close();
  await connect(URL, { apiKey: "key" }).close();
  expect(calls).toEqual([
    [URL, ["ringcast.v1"]],
    [URL, { protocols: ["ringcast.v1"], headers: { "X-API-Key": "key" } }],
  ]);
});
