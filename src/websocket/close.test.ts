import { describe, expect, test } from "vitest";
import { closePayload, isSendableCloseCode, readClosePayload } from "./close.ts";

function read(payload: Buffer): unknown {
  return readClosePayload(payload, 0, payload.length);
}

describe("a close frame", () => {
  test("without a payload has the code 1005", () => {
    expect(read(Buffer.alloc(0))).toEqual({ code: 1005, reason: "" });
  });

  test("has a code and a reason", () => {
    expect(read(closePayload(4404, "grüße"))).toEqual({ code: 4404, reason: "grüße" });
  });

  test.each([0, 999, 1004, 1005, 1006, 1015, 2999, 5000, 65535])("with the code %d is a protocol error", (code) => {
    const payload = Buffer.alloc(2);
    payload.writeUInt16BE(code);
    expect(() => read(payload)).toThrow(expect.objectContaining({ code: 1002 }));
    expect(() => closePayload(code, "")).toThrow(RangeError);
  });

  test("with a reason that is not UTF-8 is invalid data", () => {
    expect(() => read(Buffer.from("03e8c328", "hex"))).toThrow(expect.objectContaining({ code: 1007 }));
  });

  test("cuts a long reason at a character", () => {
    const payload = closePayload(1000, "€".repeat(60));
    expect(payload.length).toBe(2 + 41 * 3);
    expect(read(payload)).toEqual({ code: 1000, reason: "€".repeat(41) });
  });
});

test("codes that an endpoint may send are 1000 to 1003, 1007 to 1014 and 3000 to 4999", () => {
  const sendable = Array.from({ length: 66000 }, (_, code) => code).filter(isSendableCloseCode);
  const registered = [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014];
  expect(sendable.slice(0, registered.length)).toEqual(registered);
  expect(sendable.slice(registered.length)).toEqual(Array.from({ length: 2000 }, (_, index) => 3000 + index));
});
