import { describe, expect, test } from "vitest";
import { type ClientFrame, clientFrame } from "../../test/websocket/client-frame.ts";
import { compress } from "./deflate.ts";
import { FrameParser } from "./frame-parser.ts";

const LIMIT = 1000;

/** A parser that records what it hands over. */
class Recorder {
  readonly seen: string[] = [];
  readonly parser: FrameParser;
  /** The memory of the last message. */
  last: Buffer | undefined;

  constructor(maxMessageBytes = LIMIT, allowsDeflate = false) {
    const record = (kind: string) => (bytes: Buffer, start: number, end: number) => {
      this.last = bytes;
      this.seen.push(`${kind} ${bytes.toString("utf8", start, end)}`);
    };
    const messages = { text: record("text"), binary: record("binary"), fragment: () => this.seen.push("fragment") };
    this.parser = new FrameParser(maxMessageBytes, allowsDeflate, messages, (opcode, bytes, start, end) => {
      this.seen.push(`control ${opcode} ${bytes.toString("utf8", start, end)}`);
    });
  }

  push(...frames: (ClientFrame | Buffer)[]): string[] {
    this.parser.push(Buffer.concat(frames.map((frame) => (Buffer.isBuffer(frame) ? frame : clientFrame(frame)))));
    return this.seen;
  }
}

function frame(opcode: number, payload: string | Uint8Array = "", more: Partial<ClientFrame> = {}): ClientFrame {
  return { opcode, payload: Buffer.from(payload), ...more };
}

const open = { isFinal: false };

describe("a parser", () => {
  test("hands over any number of messages of one chunk, in place", () => {
    const recorder = new Recorder();
    const chunk = Buffer.concat(["a", "ü€🎈", "", "b".repeat(200)].map((text) => clientFrame(frame(1, text))));
    recorder.parser.push(chunk);
    expect(recorder.seen).toEqual(["text a", "text ü€🎈", "text ", `text ${"b".repeat(200)}`]);
    expect(recorder.last).toBe(chunk);
  });

  test("hands over the same for every way to cut the input in two or in single bytes", () => {
    const frames = [
      frame(1, "hé"),
      frame(9, "ping"),
      frame(2, "x".repeat(300), open),
      frame(10, "pong"),
      frame(0, "y".repeat(130), open),
      frame(0),
      frame(1, "end", { lengthBytes: 8 }),
      frame(8, Buffer.from("03e86f6b", "hex")),
    ];
    const bytes = Buffer.concat(frames.map(clientFrame));
    const whole = new Recorder().push(bytes);
    expect(whole).toHaveLength(8);
    for (let cut = 1; cut < bytes.length; cut++) {
      const recorder = new Recorder();
      recorder.push(Buffer.from(bytes.subarray(0, cut)));
      expect(recorder.push(Buffer.from(bytes.subarray(cut))), `cut at ${cut}`).toEqual(whole);
    }
    const bytewise = new Recorder();
    for (const byte of bytes) bytewise.push(Buffer.of(byte));
    expect(bytewise.seen).toEqual(whole);
  });

  test("reports every frame that does not complete a message, empty ones too", () => {
    const seen = new Recorder().push(frame(1, "a", open), frame(0, "", open), frame(0, "", open), frame(0, "b"));
    expect(seen).toEqual(["fragment", "fragment", "fragment", "text ab"]);
  });

  test("hands over control frames between the fragments of a message", () => {
    const seen = new Recorder().push(frame(1, "a", open), frame(9, "p"), frame(0, "b"));
    expect(seen).toEqual(["fragment", "control 9 p", "text ab"]);
  });

  test("joins characters that are split between fragments", () => {
    const [first, second] = [Buffer.from("f09f", "hex"), Buffer.from("8e88", "hex")];
    expect(new Recorder().push(frame(1, first, open), frame(0, second)).at(-1)).toBe("text 🎈");
  });

  test("takes a message of the limit, in one frame and in fragments", () => {
    const half = "x".repeat(LIMIT / 2);
    expect(new Recorder().push(frame(2, half + half), frame(2, half, open), frame(0, half))).toHaveLength(3);
  });

  test("inflates compressed messages, between messages that are not", () => {
    const payload = compress(Buffer.from("hello hello hello"));
    const [first, second] = [payload.subarray(0, 3), payload.subarray(3)];
    const compressed = { reserved: 0x40 };
    const seen = new Recorder(LIMIT, true).push(
      frame(1, payload, compressed),
      frame(1, "plain"),
      frame(1, first, { ...compressed, ...open }),
      frame(9),
      frame(0, second),
    );
    const message = "text hello hello hello";
    expect(seen).toEqual([message, "text plain", "fragment", "control 9 ", message]);
  });

  test("hands over no message once it is muted, and nothing at all once it is stopped", () => {
    const recorder = new Recorder();
    recorder.parser.mute();
    expect(recorder.push(frame(1, "a"), frame(2, "b", open), frame(9), frame(0, "c"))).toEqual([
      "fragment",
      "control 9 ",
    ]);
    recorder.parser.stop();
    expect(recorder.push(frame(9), frame(3))).toHaveLength(2);
  });

  test("parses no further frame of a chunk after it is stopped", () => {
    const seen: string[] = [];
    const messages = {
      text(bytes: Buffer, start: number, end: number) {
        seen.push(bytes.toString("utf8", start, end));
        parser.stop();
      },
      binary() {},
      fragment() {},
    };
    const parser = new FrameParser(LIMIT, false, messages, () => {});
    parser.push(Buffer.concat([clientFrame(frame(1, "a")), clientFrame(frame(1, "b"))]));
    expect(seen).toEqual(["a"]);
  });
});

describe("a violation", () => {
  const cases: [what: string, code: number, frames: (ClientFrame | Buffer)[]][] = [
    ["a frame that is not masked", 1002, [frame(1, "a", { isMasked: false })]],
    ["RSV1 without an extension", 1002, [frame(1, "a", { reserved: 0x40 })]],
    ["RSV2", 1002, [frame(1, "a", { reserved: 0x20 })]],
    ["RSV3", 1002, [frame(1, "a", { reserved: 0x10 })]],
    ["opcode 3", 1002, [frame(3)]],
    ["opcode 7", 1002, [frame(7)]],
    ["opcode 11", 1002, [frame(11)]],
    ["opcode 15", 1002, [frame(15)]],
    ["a fragmented ping", 1002, [frame(9, "", open)]],
    ["a fragmented close", 1002, [frame(8, "", open)]],
    ["a ping of 126 bytes", 1002, [frame(9, "x".repeat(126))]],
    ["a close frame of one byte", 1002, [frame(8, "x")]],
    ["a continuation without a message", 1002, [frame(0, "x")]],
    ["a continuation behind a whole message", 1002, [frame(1, "a"), frame(0, "x")]],
    ["a message inside of another", 1002, [frame(1, "a", open), frame(1, "b")]],
    ["a message inside of another of the other kind", 1002, [frame(1, "a", open), frame(2, "b", open)]],
    ["invalid text", 1007, [frame(1, Buffer.from("c328", "hex"))]],
    ["invalid text behind 600 bytes", 1007, [frame(1, Buffer.concat([Buffer.alloc(600, 97), Buffer.of(0xff)]))]],
    ["text that ends inside of a character", 1007, [frame(1, Buffer.from("61e282", "hex"))]],
    ["text whose last fragment ends inside of a character", 1007, [frame(1, "a", open), frame(0, Buffer.of(0xe2))]],
    ["text whose fragment cannot become valid", 1007, [frame(1, Buffer.from("f490", "hex"), open)]],
    ["a frame above the limit", 1009, [frame(2, "x".repeat(LIMIT + 1))]],
    ["fragments above the limit", 1009, [frame(2, "x".repeat(LIMIT), open), frame(0, "x")]],
  ];

  test.each(cases)("%s fails with %d", (_, code, frames) => {
    expect(() => new Recorder().push(...frames)).toThrow(expect.objectContaining({ name: "Violation", code }));
    const bytes = Buffer.concat(frames.map((item) => (Buffer.isBuffer(item) ? item : clientFrame(item))));
    const bytewise = new Recorder();
    expect(() => {
      for (const byte of bytes) bytewise.push(Buffer.of(byte));
    }).toThrow(expect.objectContaining({ name: "Violation", code }));
  });

  const compressed = { reserved: 0x40 };
  const compressedCases: [what: string, code: number, frames: ClientFrame[]][] = [
    ["RSV1 of a continuation", 1002, [frame(1, "a", open), frame(0, "", compressed)]],
    ["RSV1 of a ping", 1002, [frame(9, "", compressed)]],
    ["a message that inflates above the limit", 1009, [frame(2, compress(Buffer.alloc(LIMIT + 1)), compressed)]],
    ["data that does not inflate", 1007, [frame(2, Buffer.from("07010203", "hex"), compressed)]],
    ["a compressed text that is invalid", 1007, [frame(1, compress(Buffer.of(0xc3, 0x28)), compressed)]],
    ["compressed data far above the limit", 1009, [frame(2, "", { ...compressed, announced: 2 * LIMIT })]],
  ];

  test.each(compressedCases)("with permessage-deflate, %s fails with %d", (_, code, frames) => {
    expect(() => new Recorder(LIMIT, true).push(...frames)).toThrow(
      expect.objectContaining({ name: "Violation", code }),
    );
  });

  test("is found at the header of a frame that is too big, before any payload", () => {
    for (const announced of [LIMIT + 1, 70_000, 2 ** 40, 2 ** 53]) {
      const header = clientFrame(frame(2, "", { announced })).subarray(0, announced < 65536 ? 4 : 10);
      expect(() => new Recorder().push(header)).toThrow(expect.objectContaining({ code: 1009 }));
    }
  });

  test("is found in a frame that has not arrived completely", () => {
    const bytes = clientFrame(frame(1, Buffer.concat([Buffer.from("ok"), Buffer.of(0xff), Buffer.alloc(50)])));
    expect(() => new Recorder().push(bytes.subarray(0, 20))).toThrow(expect.objectContaining({ code: 1007 }));
  });
});

describe("cost and memory", () => {
  test("a message of 16 MiB in chunks of one byte takes linear time", () => {
    const size = 16 * 1024 * 1024;
    expect(bytewiseMs(size)).toBeLessThan(30 * bytewiseMs(size / 16) + 500);
  }, 60_000);

  test("an announced length takes no memory before its payload arrives", () => {
    const size = 16 * 1024 * 1024;
    const header = clientFrame(frame(2, "", { announced: size })).subarray(0, 14);
    const before = process.memoryUsage().arrayBuffers;
    const recorders = Array.from({ length: 100 }, () => new Recorder(size));
    for (const recorder of recorders) recorder.push(Buffer.concat([header, Buffer.from("abc")]));
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(size / 16);
    expect(recorders).toHaveLength(100);
  });
});

/** How long a binary message takes that arrives byte by byte, in milliseconds. */
function bytewiseMs(size: number): number {
  let length = 0;
  const messages = {
    text() {},
    binary(_bytes: Buffer, start: number, end: number) {
      length = end - start;
    },
    fragment() {},
  };
  const parser = new FrameParser(size, false, messages, () => {});
  const start = performance.now();
  parser.push(clientFrame({ opcode: 2, payload: Buffer.alloc(0), announced: size, lengthBytes: 8 }));
  const byte = Buffer.alloc(1);
  for (let index = 0; index < size; index++) parser.push(byte);
  expect(length).toBe(size);
  return performance.now() - start;
}
