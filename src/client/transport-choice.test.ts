import { describe, expect, test } from "vitest";
import { connectingClient } from "../../test/support/connecting-client.ts";
import { type FakePlatform, type FakeSocket, settled } from "../../test/support/fake-platform.ts";

function http(platform: FakePlatform): FakeSocket {
  const socket = platform.httpSockets.at(-1);
  if (socket === undefined) throw new Error("no connection by HTTP was tried");
  return socket;
}

/** A client whose WebSockets fail, so that it is connected by HTTP. */
async function connectedByHttp(options = {}) {
  const fixture = connectingClient({ minBackoffMs: 100, ...options });
  const { platform, retry } = fixture;
  await settled();
  for (let i = 0; i < 2; i++) {
    platform.socket.end(1006);
    await retry();
  }
  http(platform).open();
  return { ...fixture, socket: http(platform) };
}

describe("where WebSockets fail", () => {
  test("the third try is by HTTP, and the state says so", async () => {
    const { client, socket } = await connectedByHttp();
    expect(client.state).toEqual({ state: "open", transport: "http" });
    client.publish("t", 1).catch(() => {});
    expect(socket.takeSent()).toMatchObject([{ type: "publish", topic: "t" }]);
  });

  test("an accepted WebSocket on which nothing comes counts as a failure", async () => {
    const { platform, retry } = connectingClient({ minBackoffMs: 100, connectTimeoutMs: 1000 });
    for (let i = 0; i < 2; i++) {
      platform.socket.accept();
      platform.advance(1000);
      await retry();
    }
    expect(platform.httpSockets.length).toBe(1);
  });

  test("WebSockets and HTTP are tried by turns while neither works", async () => {
    const { platform, retry } = connectingClient({ minBackoffMs: 100 });
    const tried: string[] = [];
    for (let i = 0; i < 7; i++) {
      const isHttp = platform.httpSockets.at(-1)?.isOpen === true;
      tried.push(isHttp ? "http" : "websocket");
      (isHttp ? http(platform) : platform.socket).end(1006);
      await retry();
    }
    expect(tried.join()).toBe("websocket,websocket,http,websocket,http,websocket,http");
  });

  test("a client whose WebSockets have worked before tries HTTP only after twelve failures", async () => {
    const { cycle, platform, retry } = connectingClient({ minBackoffMs: 100 });
    cycle(1006);
    await retry();
    for (let i = 0; i < 12; i++) {
      expect(platform.httpSockets.length).toBe(0);
      platform.socket.end(1006);
      await retry();
    }
    expect(platform.httpSockets.length).toBe(1);
  });

  test("a server that refuses the client by a close code is no reason to try HTTP", async () => {
    const { platform, retry } = connectingClient({ minBackoffMs: 100 });
    for (let i = 0; i < 5; i++) {
      platform.socket.accept();
      platform.socket.end(1013, "no room; retry after 100 ms");
      await retry();
    }
    expect(platform.httpSockets.length).toBe(0);
  });

  test("what HTTP finds out is the error of the state", async () => {
    const { client, platform, retry } = connectingClient({ minBackoffMs: 100 });
    for (let i = 0; i < 2; i++) {
      platform.socket.end(1006);
      await retry();
    }
    http(platform).fail("UNREACHABLE", "nothing answers at ws://server/ws");
    expect(client.state).toMatchObject({ state: "waiting", error: { code: "UNREACHABLE" } });
    await settled();
    expect(platform.warnings).toEqual(["ringcast: UNREACHABLE: nothing answers at ws://server/ws"]);
  });

  test("a module that can't be loaded is a failure like others", async () => {
    const { client, platform, retry } = connectingClient({ minBackoffMs: 100 });
    platform.openHttp = () => Promise.reject(new TypeError("offline"));
    for (let i = 0; i < 2; i++) {
      platform.socket.end(1006);
      await retry();
    }
    expect(client.state).toMatchObject({ state: "waiting", code: 1006 });
    await retry();
    platform.socket.open();
    expect(client.state).toEqual({ state: "open", transport: "websocket" });
  });
});

describe("a client that is connected by HTTP", () => {
  test("moves to a WebSocket that works, and subscribes again where it was", async () => {
    const { client, platform, socket, states } = await connectedByHttp();
    client.subscribe("t", () => {});
    const webSocket = socket.replacement();
    expect(socket.replaceBy(webSocket)).toBe(true);
    expect([socket.isDropped, client.state]).toEqual([true, { state: "open", transport: "websocket" }]);
    expect(webSocket.takeSent()).toMatchObject([{ request_id: "hello" }, { type: "subscribe", topic: "t" }]);
    await settled();
    expect(states.slice(-2).map((state) => "transport" in state && state.transport)).toEqual(["http", "websocket"]);
    webSocket.end(1011);
    expect([client.state.state, platform.httpSockets.length]).toEqual(["waiting", 1]);
  });

  test("tries WebSockets with the token of that time, not with the one that it was connected with", async () => {
    let count = 0;
    const { platform, socket } = await connectedByHttp({ getToken: () => `token-${++count}` });
    expect(platform.httpCredentials?.token).toBe("token-3");
    socket.receive({ type: "info", info: { code: "TOKEN_EXPIRING", message: "", expires_at: "" }, ts: "" });
    await settled();
    expect(socket.takeSent()).toEqual([{ type: "refresh", token: "token-4" }]);
    expect(platform.httpCredentials?.token).toBe("token-4");
  });

  test("does not move while a publish without resend is unanswered", async () => {
    const { client, socket } = await connectedByHttp({ resend: false });
    client.publish("t", 1).catch(() => {});
    expect(socket.replaceBy(socket.replacement())).toBe(false);
    expect([socket.isOpen, client.state]).toEqual([true, { state: "open", transport: "http" }]);
  });
});
