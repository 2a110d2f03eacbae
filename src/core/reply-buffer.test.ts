import { describe, expect, test } from "vitest";
import { textsOfFrames } from "../../test/support/frame-texts.ts";
import { ReplyBuffer } from "./reply-buffer.ts";

function write(replies: ReplyBuffer, text: string): { bytes: Buffer; start: number; end: number } {
  const end = replies.reserve(text.length);
  const { bytes } = replies.block;
  const { frameStart: start, payloadStart } = replies;
  bytes.write(text, payloadStart, "latin1");
  replies.frameStart = end;
  return { bytes, start, end };
}

describe("a buffer of replies", () => {
  test("puts the frames of replies one behind the other, whatever their size", () => {
    const replies = new ReplyBuffer();
    const texts = ["", "a", "b".repeat(125), "c".repeat(126), "d".repeat(2000)];
    const frames = texts.map((text) => write(replies, text));
    for (const [i, frame] of frames.entries()) {
      expect(frame.start).toBe(frames[i - 1]?.end ?? 0);
      expect(frame.bytes).toBe(frames[0]?.bytes);
    }
    expect(textsOfFrames(replies.block.bytes, 0, frames.at(-1)?.end ?? 0)).toEqual(texts);
  });

  test("takes new memory where a reply no longer fits, and leaves the old replies as they are", () => {
    const replies = new ReplyBuffer();
    const frames = Array.from({ length: 100 }, (_, i) => write(replies, String(i).padEnd(1000, ".")));
    expect(new Set(frames.map(({ bytes }) => bytes)).size).toBe(7);
    for (const [i, { bytes, end, start }] of frames.entries()) {
      expect(textsOfFrames(bytes, start, end)).toEqual([String(i).padEnd(1000, ".")]);
    }
  });

  test("has room for a reply larger than its memory", () => {
    const replies = new ReplyBuffer();
    const before = write(replies, "small");
    const large = write(replies, "x".repeat(70_000));
    const after = write(replies, "small too");
    for (const [frame, text] of [
      [before, "small"],
      [large, "x".repeat(70_000)],
      [after, "small too"],
    ] as const) {
      expect(textsOfFrames(frame.bytes, frame.start, frame.end)).toEqual([text]);
    }
  });

  test("uses the same room again for a reply that was reserved and not written", () => {
    const replies = new ReplyBuffer();
    replies.reserve(10);
    expect(write(replies, "a").start).toBe(0);
  });
});
