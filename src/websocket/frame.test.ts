import { describe, expect, test } from "vitest";
import { encodeFrame, frameHeaderLength, OPCODE, writeFrameHeader } from "./frame.ts";

describe("a frame header", () => {
  const forms: [length: number, header: string][] = [
    [0, "8100"],
    [125, "817d"],
    [126, "817e007e"],
    [65535, "817effff"],
    [65536, "817f0000000000010000"],
    [2 ** 32 + 5, "817f0000000100000005"],
  ];

  test.each(forms)("has the shortest form for a payload of %d bytes", (length, header) => {
    const target = Buffer.alloc(16, 0xee);
    expect(writeFrameHeader(target, 3, OPCODE.TEXT, length)).toBe(3 + header.length / 2);
    expect(target.toString("hex", 3, 3 + header.length / 2)).toBe(header);
    expect(frameHeaderLength(length)).toBe(header.length / 2);
    expect(target[2]).toBe(0xee);
    expect(target[3 + header.length / 2]).toBe(0xee);
  });

  test("has RSV1 set for a compressed payload", () => {
    expect(encodeFrame(OPCODE.BINARY, Uint8Array.of(0), true).toString("hex")).toBe("c20100");
  });
});

test("an encoded frame holds a copy of its payload", () => {
  const payload = Buffer.from("hi");
  const frame = encodeFrame(OPCODE.PING, payload);
  payload.fill(0);
  expect(frame.toString("hex")).toBe("89026869");
});
