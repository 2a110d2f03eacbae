import { describe, expect, test } from "vitest";
import { textsOfFrames } from "../../test/support/frame-texts.ts";
import { encodeEnd } from "../protocol/encode.ts";
import { draftOf } from "./draft.ts";
import { Log, textsOf } from "./log.ts";
import type { Range } from "./range.ts";

const END = encodeEnd("2025-01-15T10:00:00.123Z");
const TOPIC = { name: "a", nameJson: '"a"' };

function log(capacity: number): Log {
  return new Log(TOPIC, "epoch-1", capacity);
}

/** Appends events; the payload of each is its offset, padded to a size. */
function fill(subject: Log, count: number, payloadBytes = 1): void {
  for (let i = 0; i < count; i++) {
    const payload = String(subject.newestOffset + 1).padEnd(payloadBytes, "p");
    expect(subject.append(draftOf('"m"', JSON.stringify(payload)), END)).toBe(subject.newestOffset);
  }
}

function offsetsOf(range: Range | undefined): number[] {
  return range === undefined ? [] : textsOf(range).map(({ offset }) => offset);
}

function payloadOf(subject: Log, offset: number): unknown {
  const text = subject.event(offset)?.text;
  return text === undefined ? undefined : JSON.parse(text).message.payload;
}

/** The bytes of the frames of all events that are held. */
function frameBytes(subject: Log): number {
  return subject.last(subject.heldCount)?.sizeBytes ?? 0;
}

describe("a log", () => {
  test("is empty at first", () => {
    const subject = log(3);
    expect([subject.newestOffset, subject.oldestOffset, subject.heldCount, subject.heldBytes]).toEqual([0, 0, 0, 0]);
    expect([subject.last(5), subject.event(0), subject.event(1), subject.isFull]).toEqual([
      undefined,
      undefined,
      undefined,
      false,
    ]);
    expect(() => subject.newest()).toThrow("no event");
  });

  test("writes each event as one frame, ready for the wire", () => {
    const subject = log(10);
    fill(subject, 1);
    const event =
      '{"type":"event","topic":"a","message":{"id":"m","payload":"1"},"offset":1,"ts":"2025-01-15T10:00:00.123Z"}';
    const frames = subject.newest().frames();
    expect(frames.subarray(0, 2)).toEqual(Buffer.from([0x81, event.length]));
    expect(frames.subarray(2).toString()).toBe(event);
    expect(subject.event(1)).toEqual({ topic: TOPIC, offset: 1, text: event });
  });

  test.each([0, 10, 100, 126, 1000, 65_530, 70_000])("takes payloads of any size, such as %d bytes", (size) => {
    const subject = log(10);
    fill(subject, 3, size);
    expect([1, 2, 3].map((offset) => payloadOf(subject, offset))).toEqual(
      ["1", "2", "3"].map((payload) => payload.padEnd(size, "p")),
    );
    const frames = subject.last(3)?.frames() ?? Buffer.alloc(0);
    expect(textsOfFrames(frames, 0, frames.length)).toHaveLength(3);
  });

  test("holds the newest events up to its capacity", () => {
    const subject = log(3);
    fill(subject, 2);
    expect([subject.oldestOffset, subject.heldCount, subject.isFull]).toEqual([1, 2, false]);
    fill(subject, 3);
    expect([subject.newestOffset, subject.oldestOffset, subject.heldCount, subject.isFull]).toEqual([5, 3, 3, true]);
    expect([0, 2, 3, 5, 6].map((offset) => subject.event(offset)?.offset)).toEqual([
      undefined,
      undefined,
      3,
      5,
      undefined,
    ]);
    expect([0, 1, 2, 3, 100].map((count) => offsetsOf(subject.last(count)))).toEqual([
      [],
      [5],
      [4, 5],
      [3, 4, 5],
      [3, 4, 5],
    ]);
  });

  test("gives the last events and single ones also where they stand in many chunks", () => {
    const subject = log(100);
    fill(subject, 250, 300);
    for (const count of [1, 2, 50, 99, 100]) {
      expect(offsetsOf(subject.last(count))).toEqual(Array.from({ length: count }, (_, i) => 250 - count + 1 + i));
    }
    for (let offset = 151; offset <= 250; offset++)
      expect(payloadOf(subject, offset)).toBe(String(offset).padEnd(300, "p"));
    expect(subject.event(150)).toBeUndefined();
  });

  test("with capacity 0 numbers events, holds none for replay and keeps a chunk at the most", () => {
    const subject = log(0);
    for (let i = 0; i < 1000; i++) {
      fill(subject, 1, 200);
      expect(offsetsOf(subject.newest())).toEqual([i + 1]);
    }
    expect([subject.heldCount, subject.oldestOffset, subject.last(5), subject.event(1000)]).toEqual([
      0,
      0,
      undefined,
      undefined,
    ]);
    expect([subject.holdsAllAfter(999), subject.holdsAllAfter(1000), subject.holdsAllAfter(1001)]).toEqual([
      false,
      true,
      false,
    ]);
    expect(subject.heldBytes).toBeLessThanOrEqual(1024);
  });
});

test("a log that was released holds nothing, and a range of its events stays whole", () => {
  const subject = log(10);
  fill(subject, 20, 300);
  const range = subject.last(5);
  subject.release();
  expect([subject.heldBytes, subject.heldCount, subject.oldestOffset, subject.newestOffset]).toEqual([0, 0, 0, 20]);
  expect([subject.last(5), subject.event(20), subject.holdsAllAfter(19)]).toEqual([undefined, undefined, false]);
  expect(offsetsOf(range)).toEqual([16, 17, 18, 19, 20]);
  expect(range?.bytesBehindLog).toBeGreaterThan(1500);
  fill(subject, 2);
  expect(offsetsOf(subject.last(5))).toEqual([21, 22]);
});

describe("the memory of a log", () => {
  test("starts small, so that many quiet topics stay cheap", () => {
    const subject = log(100);
    fill(subject, 1, 20);
    expect(subject.heldBytes).toBe(512);
  });

  test("is about that of its frames, while it fills and when it is full", () => {
    const subject = log(100);
    const shares: number[] = [];
    for (let i = 1; i <= 1000; i++) {
      fill(subject, 1, 200);
      const share = subject.heldBytes / frameBytes(subject);
      // While the log grows, its last chunk is a third of it and may be empty but for one event.
      if (i >= 20 && i <= 120) expect(share).toBeLessThan(1.6);
      if (i > 120) shares.push(share);
    }
    expect(Math.max(...shares)).toBeLessThan(1.4);
    expect(shares.reduce((sum, share) => sum + share, 0) / shares.length).toBeLessThan(1.3);
  });

  test("is freed of large events once small ones have displaced them", () => {
    const subject = log(100);
    fill(subject, 100, 50_000);
    expect(subject.heldBytes).toBeGreaterThan(5_000_000);
    fill(subject, 1500, 200);
    expect(subject.heldBytes / frameBytes(subject)).toBeLessThan(1.35);
  });

  test("gives an event that is larger than a chunk one of its own", () => {
    const subject = log(2);
    fill(subject, 1, 200_000);
    expect(subject.heldBytes).toBe(subject.newest().sizeBytes);
    fill(subject, 2, 10);
    expect(payloadOf(subject, 2)).toBe("2".padEnd(10, "p"));
    expect(subject.heldBytes).toBeLessThanOrEqual(64 * 1024 + 512);
  });
});

describe("the range to the newest event", () => {
  test("begins with the first event that was not flushed, whatever was appended since", () => {
    const subject = log(5);
    fill(subject, 3);
    const first = subject.newest();
    expect(subject.extended(first)).toBe(first);
    fill(subject, 40, 100);
    const extended = subject.extended(first);
    expect(offsetsOf(extended)).toEqual(Array.from({ length: 41 }, (_, i) => i + 3));
    const frames = extended.frames();
    expect(textsOfFrames(frames, 0, frames.length).map((text) => JSON.parse(text).offset)).toEqual(offsetsOf(extended));
  });
});
