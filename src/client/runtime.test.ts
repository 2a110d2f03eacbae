import { afterEach, expect, test, vi } from "vitest";
import { WebSocket } from "ws";
import { type Client, connect } from "./index.ts";
import type { WebSocketLike } from "./platform.ts";
import { createPlatform } from "./runtime.ts";

afterEach(() => {
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

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

/** Has a client open a connection, and closes it. */
async function openAndClose(client: Client): Promise<void> {
  client.connect();
  await client.close();
}

const URL = "ws://127.0.0.1:8080/ws";

test("without a WebSocket of its own or a given one, a client is of use where nothing is opened, and says what to do where something is", async () => {
  vi.stubGlobal("WebSocket", undefined);
  const client = connect(URL);
  expect(client.state).toEqual({ state: "idle" });
  const error = await client.connect().catch((reason: unknown) => reason);
  expect(error).toMatchObject({ code: "UNSUPPORTED", message: expect.stringMatching(/^this runtime.*webSocket/) });
  expect(client.state).toEqual({ state: "closed", error });
});

test("a path is no URL to connect to outside of a page", async () => {
  const client = connect("/ws", { webSocket: WebSocket });
  expect(await client.connect().catch((reason: unknown) => reason)).toMatchObject({ code: "UNSUPPORTED" });
});

test("a given class is used in place of the runtime's own, with the headers as third argument", async () => {
  const own = recordingClass();
  vi.stubGlobal("WebSocket", own.Recording);
  const { calls, Recording } = recordingClass();
  await openAndClose(connect(URL, { webSocket: Recording }));
  await openAndClose(connect(URL, { webSocket: Recording, apiKey: "key" }));
  await openAndClose(connect(URL, { webSocket: Recording, token: "abc" }));
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
  await openAndClose(connect(URL));
  await openAndClose(connect(URL, { apiKey: "key" }));
  expect(calls).toEqual([
    [URL, ["ringcast.v1"]],
    [URL, { protocols: ["ringcast.v1"], headers: { "X-API-Key": "key" } }],
  ]);
});

/** A browser's window and document, as far as they have events. */
function stubPage() {
  const page = {
    window: new EventTarget(),
    document: Object.assign(new EventTarget(), { visibilityState: "visible" }),
  };
  vi.stubGlobal("addEventListener", page.window.addEventListener.bind(page.window));
  vi.stubGlobal("removeEventListener", page.window.removeEventListener.bind(page.window));
  vi.stubGlobal("document", page.document);
  return page;
}

test("a page that is online again, shown again or thawed is back; one that is hidden is not", () => {
  const { document, window } = stubPage();
  let count = 0;
  const end = createPlatform({ webSocket: recordingClass().Recording }).whenBack(() => count++);
  window.dispatchEvent(new Event("online"));
  window.dispatchEvent(new Event("pageshow"));
  document.dispatchEvent(new Event("visibilitychange"));
  document.dispatchEvent(new Event("resume"));
  expect(count).toBe(4);
  document.visibilityState = "hidden";
  document.dispatchEvent(new Event("visibilitychange"));
  expect(count).toBe(4);
  end();
  document.visibilityState = "visible";
  for (const [target, type] of [
    [window, "online"],
    [window, "pageshow"],
    [document, "visibilitychange"],
  ] as const) {
    target.dispatchEvent(new Event(type));
  }
  expect(count).toBe(4);
});

test("a time that is longer than timers know does not pass at once", () => {
  vi.useFakeTimers();
  let count = 0;
  const { after } = createPlatform({ webSocket: recordingClass().Recording });
  after(Infinity, () => count++);
  after(3e9, () => count++);
  vi.advanceTimersByTime(1_000_000_000);
  expect(count).toBe(0);
});

test("a program that did not run for some seconds is back, as after the machine slept", () => {
  vi.useFakeTimers();
  let count = 0;
  const end = createPlatform({ webSocket: recordingClass().Recording }).whenBack(() => count++);
  vi.advanceTimersByTime(60_000);
  expect(count).toBe(0);
  // The clock advances, the timers do not run.
  vi.setSystemTime(Date.now() + 10_000);
  vi.advanceTimersByTime(1000);
  expect(count).toBe(1);
  vi.advanceTimersByTime(60_000);
  expect(count).toBe(1);
  end();
  expect(vi.getTimerCount()).toBe(0);
});
