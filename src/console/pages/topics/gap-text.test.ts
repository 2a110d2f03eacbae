import { expect, test } from "vitest";
import { gapText } from "./gap-text.ts";

test("a gap says which messages are missing and why", () => {
  const gap = { topic: "t", epoch: "e", from: 3, reason: "expired" } as const;
  expect(gapText({ ...gap, to: 5 })).toBe("Messages 3 to 5 are missing: the topic no longer held them");
  expect(gapText({ ...gap, to: 3 })).toBe("Message 3 is missing: the topic no longer held them");
  expect(gapText({ ...gap, to: null, reason: "recreated" })).toBe(
    "Messages from 3 on are missing: the topic began anew",
  );
});
