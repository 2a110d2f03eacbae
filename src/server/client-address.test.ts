import { describe, expect, test } from "bun:test";
import { clientAddress } from "./client-address.ts";

describe("the client's address", () => {
  test("is the socket's peer, whatever a header says", () => {
    expect(clientAddress("10.0.0.1", "1.2.3.4", false)).toBe("10.0.0.1");
  });

  test("is what the proxy in front has seen, where the proxy is trusted", () => {
    expect(clientAddress("10.0.0.1", "1.2.3.4", true)).toBe("1.2.3.4");
    expect(clientAddress("10.0.0.1", "6.6.6.6, 1.2.3.4 ", true)).toBe("1.2.3.4");
    expect(clientAddress("10.0.0.1", "2001:db8::1", true)).toBe("2001:db8::1");
  });

  test("is the peer where the trusted proxy says nothing", () => {
    for (const header of [null, "", " ", "1.2.3.4, "]) expect(clientAddress("10.0.0.1", header, true)).toBe("10.0.0.1");
  });

  test("is the same whether an IPv4 client comes over IPv6 or not", () => {
    expect(clientAddress("::ffff:10.0.0.1", null, false)).toBe("10.0.0.1");
    expect(clientAddress("::1", null, false)).toBe("::1");
  });

  test("is no longer than an address can be", () => {
    expect(clientAddress("10.0.0.1", "x".repeat(10_000), true)).toHaveLength(64);
  });
});
