import { describe, expect, test } from "vitest";
import { type LogEntry, MessageLog } from "./message-log.ts";

function message(offset: number, payload = "1") {
  return { epoch: "e", offset, id: `m${offset}`, payload, ts: "" };
}

function offsets(log: MessageLog): (number | string)[] {
  return log.entries.map((entry: LogEntry) =>
    entry.kind === "gap" ? `gap from ${entry.gap.from}` : entry.message.offset,
  );
}

const bounds = { maxEntries: 3, maxChars: 100 };

describe("a log of messages", () => {
  test("shows the newest first, and forgets the oldest", () => {
    const log = new MessageLog(bounds);
    for (const offset of [1, 2, 3, 4]) log.add(message(offset));
    expect(offsets(log)).toEqual([4, 3, 2]);
    expect(log.newest).toEqual({ epoch: "e", offset: 4 });
  });

  test("forgets by size too, but never the newest", () => {
    const log = new MessageLog(bounds);
    log.add(message(1, "x".repeat(60)));
    log.add(message(2, "x".repeat(60)));
    expect(offsets(log)).toEqual([2]);
    log.add(message(3, "x".repeat(1000)));
    expect(offsets(log)).toEqual([3]);
    log.add(message(4));
    expect(offsets(log)).toEqual([4]);
  });

  test("shows where messages are missing", () => {
    const log = new MessageLog(bounds);
    log.add(message(1));
    log.addGap({ topic: "t", epoch: "e", from: 2, to: 5, reason: "expired" });
    log.add(message(6));
    expect(offsets(log)).toEqual([6, "gap from 2", 1]);
  });

  test("stands still while paused, counts all that come, and goes on with the last of them", () => {
    const log = new MessageLog(bounds);
    log.add(message(1));
    log.pause();
    for (const offset of [2, 3, 4, 5, 6]) log.add(message(offset));
    expect(offsets(log)).toEqual([1]);
    expect(log.waiting).toBe(5);
    expect(log.newest?.offset).toBe(6);
    log.resume();
    expect(offsets(log)).toEqual([6, 5, 4]);
    expect(log.waiting).toBe(0);
  });

  test("can begin anew", () => {
    const log = new MessageLog(bounds);
    log.add(message(9));
    log.pause();
    log.add(message(10));
    log.replace([message(1), message(2)]);
    expect(offsets(log)).toEqual([2, 1]);
    expect(log.waiting).toBe(0);
    expect(log.newest?.offset).toBe(2);
  });
});
