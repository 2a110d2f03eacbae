import { afterEach, describe, expect, test, vi } from "vitest";
import { connectingClient } from "../../test/support/connecting-client.ts";
import { settled } from "../../test/support/fake-platform.ts";
import { createPlatform } from "./runtime.ts";

afterEach(() => {
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

describe("a warning", () => {
  test("is reported once, however often its cause comes again", async () => {
    const { platform, retry } = connectingClient();
    for (let i = 0; i < 5; i++) {
      platform.socket.accept();
      platform.socket.end(1013, "no room");
      await retry();
    }
    expect(platform.warnings).toEqual(["ringcast: UNAVAILABLE: the server refused the connection: no room"]);
  });

  test("goes to the application's listener instead of the console", async () => {
    const { client, platform } = connectingClient();
    const codes: string[] = [];
    client.on("warning", ({ code }) => codes.push(code));
    platform.socket.accept();
    platform.socket.end(4401, "the token has expired");
    await settled();
    expect([codes, platform.warnings]).toEqual([["UNAUTHORIZED"], []]);
  });

  test("names the topic of a subscription that is refused, and the refusal is no unhandled rejection", async () => {
    const { client, platform } = connectingClient();
    client.subscribe("secret", () => {});
    platform.socket.open();
    const [request] = platform.socket.takeSent();
    const error = { code: "FORBIDDEN", message: "the token does not allow it" };
    platform.socket.receive({ type: "error", request_id: request?.["request_id"], error, ts: "" });
    await settled();
    expect(platform.warnings).toEqual(['ringcast: FORBIDDEN: topic "secret": the token does not allow it']);
  });

  test("is bounded in number, whatever topics come from outside", async () => {
    const { client, platform } = connectingClient();
    platform.socket.open();
    for (let i = 0; i < 200; i++) client.subscribe(`t${i}`, () => {});
    for (const { request_id } of platform.socket.takeSent()) {
      platform.socket.receive({ type: "error", request_id, error: { code: "FORBIDDEN", message: "no" }, ts: "" });
    }
    await settled();
    expect(platform.warnings.length).toBe(100);
  });
});

describe("the console", () => {
  const webSocket = class {
    onopen = null;
    onmessage = null;
    onerror = null;
    onclose = null;
    send() {}
    close() {}
  };

  test.each([
    ["a program without NODE_ENV", {}, undefined, true],
    ["a program in development", { env: { NODE_ENV: "development" } }, undefined, true],
    ["a program in production", { env: { NODE_ENV: "production" } }, undefined, false],
    ["a page of a local host", undefined, { hostname: "localhost" }, true],
    ["a page of a loopback address", undefined, { hostname: "127.0.0.1" }, true],
    ["a page of another host", undefined, { hostname: "example.com" }, false],
    ["a page of a host that only begins like a local one", undefined, { hostname: "localhost.example.com" }, false],
  ])("of %s shows warnings or not", (_what, process, location, isShown) => {
    const warn = vi.spyOn(console, "warn").mockImplementation(() => {});
    vi.stubGlobal("process", process);
    vi.stubGlobal("location", location);
    createPlatform({ webSocket }).warn("text");
    expect(warn).toHaveBeenCalledTimes(isShown ? 1 : 0);
  });
});

test("a server that accepts and never answers is reported, with the URL", async () => {
  const { client, platform } = connectingClient({ connectTimeoutMs: 1000 });
  const warnings: string[] = [];
  client.on("warning", ({ code, message }) => warnings.push(`${code}: ${message}`));
  platform.socket.accept();
  platform.advance(1000);
  await settled();
  expect(warnings).toEqual(["UNREACHABLE: no answer within 1000 ms at ws://server/ws"]);
});

test("a server that does not answer hides no cause that is known", async () => {
  const { client, platform, retry } = connectingClient({ connectTimeoutMs: 1000 });
  const warnings: string[] = [];
  client.on("warning", ({ code }) => warnings.push(code));
  platform.socket.fail("NOT_RINGCAST", "another server answers");
  await retry();
  platform.socket.accept();
  platform.advance(1000);
  await settled();
  expect(warnings).toEqual(["NOT_RINGCAST"]);
  expect(client.state).toMatchObject({ state: "waiting", error: { code: "NOT_RINGCAST" } });
});
