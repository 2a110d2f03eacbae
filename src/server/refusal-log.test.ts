import { describe, expect, test } from "vitest";
import { captureLog } from "../../test/support/captured-log.ts";
import { FakeClock } from "../../test/support/fake-clock.ts";
import { MAX_REFUSED_BLOCKS, REFUSAL_WINDOW_MS, RefusalLog, type RefusedRequest } from "./refusal-log.ts";

const WRONG_KEY: RefusedRequest = {
  code: "UNAUTHORIZED",
  message: "a valid API key or token is needed",
  address: "192.0.2.1",
  method: "GET",
  path: "/topics",
};

function setUp() {
  const { lines, logger } = captureLog();
  const clock = new FakeClock();
  const log = new RefusalLog(logger, clock);
  /** Lets time pass as the server does, with a report each second. */
  const pass = (ms: number) => {
    for (let passed = 0; passed < ms; passed += 1000) {
      clock.advance(1000);
      log.report();
    }
  };
  return { lines, log, pass };
}

const WARN = 40;

describe("the log of refusals", () => {
  test("says who was refused what, and why", () => {
    const { lines, log } = setUp();
    log.note(WRONG_KEY);
    log.note({
      code: "FORBIDDEN",
      message: "this origin is not allowed (-allowed-origins)",
      address: "192.0.2.1",
      method: "GET",
      path: "/ws",
      as: "dashboard",
      origin: "https://b.example",
    });
    expect(lines).toEqual([
      {
        level: WARN,
        msg: "request refused",
        status: 401,
        code: "UNAUTHORIZED",
        address: "192.0.2.1",
        method: "GET",
        path: "/topics",
        why: "a valid API key or token is needed",
        requests: 1,
      },
      {
        level: WARN,
        msg: "request refused",
        status: 403,
        code: "FORBIDDEN",
        address: "192.0.2.1",
        method: "GET",
        path: "/ws",
        as: "dashboard",
        origin: "https://b.example",
        why: "this origin is not allowed (-allowed-origins)",
        requests: 1,
      },
    ]);
  });

  test("has one line in 10 s for each code and address block, and counts every request", () => {
    const { lines, log, pass } = setUp();
    for (let i = 0; i < 5; i++) log.note({ ...WRONG_KEY, path: `/topics/${i}` });
    pass(REFUSAL_WINDOW_MS - 1000);
    log.note({ ...WRONG_KEY, path: "/last" });
    expect(lines).toMatchObject([{ path: "/topics/0", requests: 1 }]);
    pass(1000);
    expect(lines).toMatchObject([
      { path: "/topics/0", requests: 1 },
      { path: "/last", requests: 5 },
    ]);
    // The second line opens a window as well.
    log.note(WRONG_KEY);
    expect(lines).toHaveLength(2);
    pass(REFUSAL_WINDOW_MS);
    expect(lines.slice(2)).toMatchObject([{ path: "/topics", requests: 1 }]);
    pass(10 * REFUSAL_WINDOW_MS);
    expect(lines).toHaveLength(3);
    log.note(WRONG_KEY);
    expect(lines).toHaveLength(4);
  });

  test("counts IPv6 addresses by /64, and each IPv4 address and code by itself", () => {
    const { lines, log } = setUp();
    for (const address of ["2001:db8::1", "2001:db8::2", "2001:db8:0:1::1", "192.0.2.1", "192.0.2.2"]) {
      log.note({ ...WRONG_KEY, address });
    }
    log.note({ ...WRONG_KEY, code: "RATE_LIMITED" });
    expect(lines).toMatchObject([
      { address: "2001:db8::1" },
      { address: "2001:db8:0:1::1" },
      { address: "192.0.2.1" },
      { address: "192.0.2.2" },
      { address: "192.0.2.1", status: 429 },
    ]);
  });

  test("bounds its lines however many addresses there are: the others share one", () => {
    const { lines, log, pass } = setUp();
    for (let i = 0; i < 5000; i++) log.note({ ...WRONG_KEY, address: `10.0.${i >> 8}.${i & 255}` });
    expect(lines).toHaveLength(MAX_REFUSED_BLOCKS + 1);
    pass(REFUSAL_WINDOW_MS);
    expect(lines).toHaveLength(MAX_REFUSED_BLOCKS + 2);
    expect(lines.at(-1)).toMatchObject({ address: "10.0.19.135", requests: 5000 - MAX_REFUSED_BLOCKS - 1 });
    // Those that were seen once only have made room.
    pass(REFUSAL_WINDOW_MS);
    log.note({ ...WRONG_KEY, address: "10.1.0.1" });
    expect(lines.at(-1)).toMatchObject({ address: "10.1.0.1", requests: 1 });
  });

  test("reports what it has counted when the server stops", () => {
    const { lines, log } = setUp();
    log.note(WRONG_KEY);
    log.note(WRONG_KEY);
    log.report(true);
    log.report(true);
    expect(lines).toMatchObject([{ requests: 1 }, { requests: 1 }]);
  });

  test("cuts long paths and origins", () => {
    const { lines, log } = setUp();
    log.note({ ...WRONG_KEY, path: `/${"x".repeat(5000)}`, origin: "y".repeat(5000) });
    expect(JSON.stringify(lines).length).toBeLessThan(700);
  });

  test("leaves out what is no refusal of a client, and mistakes in a request", () => {
    const { lines, log } = setUp();
    for (const code of ["BAD_REQUEST", "NOT_FOUND", "CONFLICT", "INTERNAL"] as const) log.note({ ...WRONG_KEY, code });
    expect(lines).toEqual([]);
    for (const code of ["UNAVAILABLE", "LIMIT_EXCEEDED"] as const) log.note({ ...WRONG_KEY, code });
    expect(lines).toMatchObject([{ code: "UNAVAILABLE" }, { code: "LIMIT_EXCEEDED" }]);
  });
});
