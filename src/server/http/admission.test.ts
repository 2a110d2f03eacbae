import { describe, expect, test } from "vitest";
import { Refusal } from "../../protocol/errors.ts";
import { KeyRing } from "../access/authenticator.ts";
import type { RequestKind } from "../rate-limit.ts";
import { Admission } from "./admission.ts";
import { HttpRefusal } from "./errors.ts";
import type { RequestHead } from "./request-head.ts";

const UPGRADE = { upgrade: "websocket" };

function headOf(path: string, headers: Record<string, string> = {}): RequestHead {
  return { method: "GET", path, query: new URLSearchParams(), headers, host: "x", address: "192.0.2.1" };
}

/** Admission of a server with the key `k`, and which buckets it has drawn on. */
function setUp({ retryMs = 0, connections = 0 } = {}) {
  const drawn: RequestKind[] = [];
  const keys = new KeyRing([{ name: "ops", role: "admin", key: "k" }]);
  const options = { maxConnections: 10, metricsAuth: true, rateLimitBurst: 100, rateLimitPerMin: 1000 };
  const admission = new Admission(options, {
    allowsOrigin: (origin) => origin === "https://a.example",
    authenticate: () => new Refusal("UNAUTHORIZED", "a valid API key or token is needed"),
    connections: { count: connections },
    isDraining: () => false,
    keys,
    rateLimit: {
      take: (_address, kind) => {
        drawn.push(kind);
        return retryMs;
      },
    },
  });
  return { admission, drawn };
}

describe("admission", () => {
  test.each([
    ["a request", "/topics", {}, "request"],
    ["a handshake", "/ws", UPGRADE, "connection"],
    ["an event stream", "/topics/t/events", {}, "connection"],
    ["an event stream of several topics", "/events", {}, "connection"],
  ])("draws on no bucket for %s with a valid API key, and on one without", async (_what, path, headers, kind) => {
    const { admission, drawn } = setUp({ retryMs: 1000 });
    for (const key of [{ "x-api-key": "k" }, { authorization: "Bearer k" }]) {
      expect(await admission.admit(headOf(path, { ...headers, ...key }))).toMatchObject({ name: "ops" });
    }
    expect(drawn).toEqual([]);
    for (const key of [{}, { "x-api-key": "wrong" }, { authorization: "Bearer wrong" }]) {
      expect(await admission.admit(headOf(path, { ...headers, ...key }))).toMatchObject({ code: "RATE_LIMITED" });
    }
    expect(drawn).toEqual([kind, kind, kind]);
  });

  test("names the limit that refuses, and its flag", async () => {
    const { admission } = setUp({ retryMs: 6500 });
    const request = await admission.admit(headOf("/topics"));
    expect(request).toMatchObject({
      message:
        "too many requests from this address: 100 at once (-rate-limit-burst), then 1000 a minute (-rate-limit-per-min)",
      headers: { "Retry-After": "7" },
    });
    const handshake = await admission.admit(headOf("/ws", UPGRADE));
    expect(handshake).toMatchObject({
      message: "too many new connections from this address: 500 at once, then 200 a second",
    });
    const full = setUp({ connections: 10 }).admission.admitConnection(headOf("/ws", UPGRADE));
    expect(full?.message).toBe("the limit of 10 connections is reached (-max-connections)");
  });

  test("fits what refuses a connection into a close frame, with a hint of 30 bytes", async () => {
    const limited = await setUp({ retryMs: 60_000 }).admission.admit(headOf("/ws", UPGRADE));
    const full = setUp({ connections: 10 }).admission.admitConnection(headOf("/ws", UPGRADE));
    for (const refusal of [limited, full]) {
      expect(refusal).toBeInstanceOf(HttpRefusal);
      if (refusal instanceof HttpRefusal) expect(Buffer.byteLength(refusal.message)).toBeLessThanOrEqual(93);
    }
  });

  test("keeps the origin that it refuses, for the log", () => {
    const { admission } = setUp();
    const refusal = admission.admitConnection(headOf("/ws", { ...UPGRADE, origin: "https://b.example" }));
    expect(refusal).toMatchObject({ code: "FORBIDDEN", origin: "https://b.example" });
  });
});
