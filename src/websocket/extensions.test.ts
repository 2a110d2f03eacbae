import { describe, expect, test } from "vitest";
import { negotiateDeflate } from "./extensions.ts";

const AGREED = "permessage-deflate; server_no_context_takeover; client_no_context_takeover";

describe("permessage-deflate", () => {
  test.each([
    ["the bare offer", "permessage-deflate"],
    ["that of Chrome and Firefox", "permessage-deflate; client_max_window_bits"],
    ["that of Safari's old name behind it", "permessage-deflate, x-webkit-deflate-frame"],
    ["no context takeover", "permessage-deflate; server_no_context_takeover; client_no_context_takeover"],
    ["a smaller window of the client", "permessage-deflate; client_max_window_bits=10"],
    ["a quoted value", 'permessage-deflate; client_max_window_bits="10"'],
    ["no blanks", "permessage-deflate;client_max_window_bits=15"],
    ["the first acceptable offer", "permessage-deflate; server_max_window_bits=10, permessage-deflate"],
    ["an offer behind another extension", 'foo; bar="a,b;c", permessage-deflate'],
    ["an offer behind one that is malformed", "permessage-deflate; =, permessage-deflate"],
  ])("is agreed on for %s", (_, offer) => {
    expect(negotiateDeflate(offer)).toEqual({ response: AGREED });
  });

  test("confirms the largest window of the server where it is demanded", () => {
    const response = `${AGREED}; server_max_window_bits=15`;
    expect(negotiateDeflate("permessage-deflate; server_max_window_bits=15")).toEqual({ response });
  });

  test.each([
    ["no header", undefined],
    ["an empty header", ""],
    ["another extension", "x-webkit-deflate-frame"],
    [
      "a smaller window of the server, because compressed frames are shared",
      "permessage-deflate; server_max_window_bits=14",
    ],
    ["a window without a value", "permessage-deflate; server_max_window_bits"],
    ["a window with leading zeros", "permessage-deflate; client_max_window_bits=09"],
    ["a window that is too small", "permessage-deflate; client_max_window_bits=7"],
    ["a window that is too large", "permessage-deflate; client_max_window_bits=16"],
    ["a value where none belongs", "permessage-deflate; server_no_context_takeover=1"],
    ["an unknown parameter", "permessage-deflate; foo"],
    ["a repeated parameter", "permessage-deflate; client_max_window_bits; client_max_window_bits=10"],
    ["a string that does not end", 'permessage-deflate; client_max_window_bits="10'],
    ["a name that is no token", "permessage deflate"],
  ])("is not agreed on for %s", (_, offer) => {
    expect(negotiateDeflate(offer)).toBeUndefined();
  });

  test("is decided in linear time", () => {
    const hostile = [
      '"'.repeat(16_000),
      '"\\'.repeat(8_000),
      'a="\\"'.repeat(4_000),
      "a;".repeat(8_000),
      " ".repeat(16_000),
    ];
    const start = performance.now();
    for (const offer of hostile) expect(negotiateDeflate(offer)).toBeUndefined();
    expect(performance.now() - start).toBeLessThan(500);
  });
});
