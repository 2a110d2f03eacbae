import { expect, test } from "vitest";
import type { TopicDetails } from "../../api.ts";
import { heldAfter, isHeld } from "./topic-offsets.ts";

function topic(oldest: number, newest: number): TopicDetails {
  const counts = { message_count: newest, subscriber_count: 0, newest_offset: newest, oldest_offset: oldest };
  return { name: "t", created_at: "", epoch: "e", ...counts };
}

test("of what came after a position, only what is still held can be shown", () => {
  expect(heldAfter({ epoch: "e", offset: 90 }, topic(1, 100))).toBe(10);
  expect(heldAfter({ epoch: "e", offset: 100 }, topic(1, 100))).toBe(0);
  expect(heldAfter({ epoch: "e", offset: 10 }, topic(91, 100))).toBe(10);
  expect(heldAfter({ epoch: "another", offset: 90 }, topic(91, 100))).toBe(10);
  expect(heldAfter(undefined, topic(91, 100))).toBe(10);
});

test("a server that keeps nothing has nothing newer to show, and no trace to ask for", () => {
  expect(heldAfter(undefined, topic(0, 100))).toBe(0);
  expect(heldAfter({ epoch: "e", offset: 90 }, topic(0, 100))).toBe(0);
  expect(isHeld({ epoch: "e", offset: 100 }, topic(0, 100))).toBe(false);
});

test("a message is held by its own incarnation, from the oldest on", () => {
  expect(isHeld({ epoch: "e", offset: 91 }, topic(91, 100))).toBe(true);
  expect(isHeld({ epoch: "e", offset: 90 }, topic(91, 100))).toBe(false);
  expect(isHeld({ epoch: "another", offset: 95 }, topic(91, 100))).toBe(false);
});
