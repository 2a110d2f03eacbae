import { describe, expect, test } from "vitest";
import { HubUnderTest } from "../../test/support/hub.ts";
import { beat, type Heartbeats } from "./heartbeat.ts";

const OPTIONS = { pingIntervalMs: 50, pongWaitMs: 100 };

function setUp() {
  const { session, transport } = new HubUnderTest().connect();
  // As a connection is when it opens at 0.
  const connection: Heartbeats = { heard: true, lastHeardMs: 0, nextPingMs: OPTIONS.pingIntervalMs, session };
  return { connection, transport };
}

describe("the heartbeat", () => {
  test("pings at every interval, and not in between", () => {
    const { connection, transport } = setUp();
    const pings = [10, 49, 50, 60, 99, 100, 101, 170, 219, 220].map((nowMs) => {
      connection.heard = true;
      beat(connection, nowMs, OPTIONS);
      return transport.pings;
    });
    expect(pings).toEqual([0, 0, 1, 1, 1, 2, 2, 3, 3, 4]);
  });

  test("finds a connection dead from which nothing came for the pong wait", () => {
    const { connection, transport } = setUp();
    expect(beat(connection, 10, OPTIONS)).toBe("alive");
    expect(beat(connection, 109, OPTIONS)).toBe("alive");
    const pings = transport.pings;
    expect(beat(connection, 110, OPTIONS)).toBe("dead");
    expect(transport.pings).toBe(pings);
  });

  test("finds it alive as long as anything comes in time", () => {
    const { connection } = setUp();
    for (let nowMs = 0; nowMs < 2000; nowMs += 90) {
      connection.heard = true;
      expect(beat(connection, nowMs, OPTIONS)).toBe("alive");
    }
    expect(connection.heard).toBe(false);
  });
});
