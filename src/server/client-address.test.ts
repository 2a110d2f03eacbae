import { describe, expect, test } from "vitest";
import { addressBlock, clientAddress } from "./client-address.ts";

const PEER = "10.0.0.1";

describe("the client's address", () => {
  test("is the socket's peer, whatever a header says", () => {
    expect(clientAddress(PEER, "1.2.3.4", false)).toBe(PEER);
  });

  test("is what the proxy in front has seen, where the proxy is trusted", () => {
    expect(clientAddress(PEER, "1.2.3.4", true)).toBe("1.2.3.4");
    expect(clientAddress(PEER, "6.6.6.6, 1.2.3.4 ", true)).toBe("1.2.3.4");
    expect(clientAddress(PEER, "2001:db8::1", true)).toBe("2001:db8::1");
  });

  test.each([
    ["203.0.113.7:5000", "203.0.113.7"],
    ["[2001:db8::1]:443", "2001:db8::1"],
    ["[2001:db8::1]", "2001:db8::1"],
    ["6.6.6.6:1, 203.0.113.7:65535", "203.0.113.7"],
    ["::ffff:203.0.113.7", "203.0.113.7"],
    ["[::ffff:203.0.113.7]:80", "203.0.113.7"],
  ])("is read from %s without its port and brackets", (header, address) => {
    expect(clientAddress(PEER, header, true)).toBe(address);
  });

  test.each([
    undefined,
    "",
    " ",
    "1.2.3.4, ",
    "unknown",
    "_hidden",
    "1.2.3",
    "1.2.3.4:port",
    "1.2.3.4:",
    "[2001:db8::1",
    "2001:db8::1]:443",
    "[1.2.3.4.5]:80",
    "example.com:443",
    "x".repeat(10_000),
  ])("is the peer where the trusted proxy writes no address: %j", (header) => {
    expect(clientAddress(PEER, header, true)).toBe(PEER);
  });

  test("is the same whether an IPv4 client comes over IPv6 or not", () => {
    expect(clientAddress("::ffff:10.0.0.1", undefined, false)).toBe(PEER);
    expect(clientAddress("::1", undefined, false)).toBe("::1");
  });
});

describe("the block that an address counts as", () => {
  test("is an IPv4 address itself", () => {
    expect(addressBlock("203.0.113.7")).toBe("203.0.113.7");
  });

  test.each([
    ["2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"],
    ["2001:db8:1:2::", "2001:db8:1:2::/64"],
    ["2001:0DB8:0001:0002:ffff:ffff:ffff:ffff", "2001:db8:1:2::/64"],
    ["2001:db8::1", "2001:db8:0:0::/64"],
    ["::1", "0:0:0:0::/64"],
    ["fe80::1%eth0", "fe80:0:0:0::/64"],
  ])("is the /64 of %s", (address, block) => {
    expect(addressBlock(address)).toBe(block);
  });

  test("is another one for the next /64", () => {
    expect(addressBlock("2001:db8:1:3::1")).not.toBe(addressBlock("2001:db8:1:2::1"));
  });

  test("is the text itself where it is no address, such as that of a socket that is gone", () => {
    expect(addressBlock("")).toBe("");
  });
});
