import { describe, expect, test } from "vitest";
import { HubUnderTest } from "../../test/support/hub.ts";
import { ANYBODY } from "./access/principal.ts";
import { enforceTokenLife, type Tenure } from "./token-life.ts";

const CLOSE_WAIT_MS = 100;

function setUp(expiresInMs: number | undefined) {
  const under = new HubUnderTest();
  const { session, transport } = under.connect();
  const startMs = under.clock.wallMs();
  const lifeOf = (inMs: number) => ({ expiresAtMs: startMs + inMs, warnAtMs: startMs + inMs - 10 });
  const life = expiresInMs === undefined ? undefined : lifeOf(expiresInMs);
  const connection: Tenure = { principal: { ...ANYBODY, life }, session, warnedOf: undefined };
  const lookAt = (ms: number) => {
    enforceTokenLife(connection, startMs + ms, CLOSE_WAIT_MS);
    under.endTick();
    return transport.texts.length;
  };
  return { connection, lifeOf, lookAt, session, transport };
}

describe("a connection that came with a token", () => {
  test("is told once that the token ends, then closed with 4401", () => {
    const { lookAt, session, transport } = setUp(100);
    expect([0, 89, 90, 95, 99].map(lookAt)).toEqual([0, 0, 1, 1, 1]);
    expect(JSON.parse(transport.texts[0] ?? "")).toMatchObject({
      type: "info",
      info: { code: "TOKEN_EXPIRING", expires_at: "2025-01-15T10:00:00.100Z" },
    });
    expect(session.isOpen).toBe(true);
    lookAt(100);
    expect(session.isOpen).toBe(false);
    expect(transport.closing).toEqual({ code: 4401, reason: "the token has expired" });
  });

  test("stays with a new token, and is told of that one's end too", () => {
    const { connection, lifeOf, lookAt, session } = setUp(100);
    expect(lookAt(95)).toBe(1);
    connection.principal = { ...ANYBODY, life: lifeOf(200) };
    expect([100, 189].map(lookAt)).toEqual([1, 1]);
    expect(session.isOpen).toBe(true);
    expect(lookAt(190)).toBe(2);
  });
});

test("a connection without a token stays", () => {
  const { lookAt, session } = setUp(undefined);
  expect(lookAt(1e12)).toBe(0);
  expect(session.isOpen).toBe(true);
});
