import { describe, expect, test } from "vitest";
import { parseTable, peerKey } from "./unacknowledged.ts";

const HEAD = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode";
const REST = "00:00000000 00000000     0        0 12345 1 0000000000000000 20 4 30 10 -1";

describe("what peers have not acknowledged", () => {
  test("is read from the kernel's table, for one local port", () => {
    const table = [
      HEAD,
      `   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 ${REST}`,
      `   1: 0100007F:1F90 0200A8C0:C350 01 000005DC:00000000 ${REST}`,
      `   2: 0100007F:1F91 0300A8C0:C350 01 00000001:00000000 ${REST}`,
      "",
    ].join("\n");
    const found = parseTable(table, 8080);
    expect(found.get(peerKey("192.168.0.2", 50_000))).toBe(1500);
    expect(found.get(peerKey("192.168.0.3", 50_000))).toBeUndefined();
  });

  test("is found for addresses of IPv6, and for those of IPv4 that are written as such", () => {
    const local = "00000000000000000000000000000000:1F90";
    const table = [
      HEAD,
      `   0: ${local} B80D0120000000000000000001000000:C350 01 0000000A:00000000 ${REST}`,
      `   1: ${local} 0000000000000000FFFF00000100007F:C351 01 0000000B:00000000 ${REST}`,
    ].join("\n");
    const found = parseTable(table, 8080);
    expect(found.get(peerKey("2001:db8::1", 50_000))).toBe(10);
    expect(found.get(peerKey("2001:0DB8:0:0:0:0:0:1", 50_000))).toBe(10);
    expect(found.get(peerKey("::ffff:127.0.0.1", 50_001))).toBe(11);
    expect(found.get(peerKey("127.0.0.1", 50_001))).toBe(11);
  });
});
