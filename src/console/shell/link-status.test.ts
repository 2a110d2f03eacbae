import { expect, test } from "vitest";
import { linkStatus } from "./link-status.ts";

const waiting = { state: "waiting", retryMs: 2000, code: 1006, reason: "" } as const;
const NOTHING_KNOWN = { lostAtMs: undefined, retryAtMs: undefined, refusals: 0 };

test("an open link is connected, and none that is wanted is off", () => {
  expect(linkStatus({ ...NOTHING_KNOWN, state: { state: "open" } }, 0)).toEqual({ kind: "connected" });
  expect(linkStatus({ ...NOTHING_KNOWN, state: { state: "idle" } }, 0)).toEqual({ kind: "off" });
  expect(linkStatus({ ...NOTHING_KNOWN, state: { state: "closed" } }, 0)).toEqual({ kind: "off" });
});

test("the first try is no outage", () => {
  expect(linkStatus({ ...NOTHING_KNOWN, state: { state: "connecting" } }, 0)).toEqual({ kind: "connecting" });
});

test("a link that was lost is gone since then, also while it is tried again", () => {
  const facts = { lostAtMs: 1000, retryAtMs: 3000, refusals: 0 };
  expect(linkStatus({ ...facts, state: waiting }, 1500)).toEqual({ kind: "gone", sinceMs: 1000, retryMs: 1500 });
  expect(linkStatus({ ...facts, state: { state: "connecting" } }, 3100)).toEqual({
    kind: "gone",
    sinceMs: 1000,
    retryMs: 0,
  });
});

test("a server that answers but opens no WebSocket refuses, from the second time on", () => {
  const facts = { state: waiting, lostAtMs: 1000, retryAtMs: undefined };
  expect(linkStatus({ ...facts, refusals: 1 }, 2000).kind).toBe("gone");
  expect(linkStatus({ ...facts, refusals: 2 }, 2000)).toEqual({ kind: "refused", sinceMs: 1000, retryMs: 0 });
});
