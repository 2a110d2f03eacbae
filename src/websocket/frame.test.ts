import { describe, expect, test } from "vitest";
import { encodeFrame, forEachPayload, frameHeaderLength, OPCODE, writeFrameHeader } from "./frame.ts";

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

test("payloads of frames that stand one behind the other are found again, whatever their lengths", () => {
  const payloads = [0, 1, 125, 126, 65535, 65536, 300_000, 0].map((length, i) => Buffer.alloc(length, i));
  const bytes = Buffer.concat([Buffer.from("xx"), ...payloads.map((payload) => encodeFrame(OPCODE.TEXT, payload))]);
  const found: Buffer[] = [];
  forEachPayload(bytes, 2, bytes.length, (start, end) => found.push(bytes.subarray(start, end)));
  expect(found.map((payload) => payload.length)).toEqual(payloads.map((payload) => payload.length));
  expect(Buffer.concat(found).equals(Buffer.concat(payloads))).toBe(true);
});

test("an encoded frame holds a copy of its payload", () => {
  const payload = Buffer.from("hi");
  const frame = encodeFrame(OPCODE.PING, payload);
  payload.fill(0);
  expect(frame.toString("hex")).toBe("89026869");
});
