import { describe, expect, test } from "vitest";
import { connectingClient } from "../../test/support/connecting-client.ts";
import { settled } from "../../test/support/fake-platform.ts";

describe("a lost connection", () => {
  test("is made again after a random time below a bound that doubles, up to the most", () => {
    const { platform, retryMs } = connectingClient({ minBackoffMs: 100, maxBackoffMs: 1000 });
    const waits = [0.5, 0.5, 0.5, 0.5, 0.5, 0, 0.999].map((chance) => {
      platform.chance = chance;
      platform.socket.end(1011);
      const ms = retryMs();
      platform.advance(1000);
      return ms;
    });
    expect(waits).toEqual([50, 100, 200, 400, 500, 0, 999]);
    expect(platform.sockets.length).toBe(8);
  });

  test("is told with its code, its reason and the wait", async () => {
    const { cycle, platform, states } = connectingClient({ minBackoffMs: 100 });
    cycle(1001);
    platform.advance(50);
    platform.socket.end(1006, "no such host");
    await settled();
    expect(states).toEqual([
      { state: "connecting" },
      { state: "open", transport: "websocket" },
      { state: "waiting", code: 1001, reason: "", retryMs: 50 },
      { state: "connecting" },
      { state: "waiting", code: 1006, reason: "no such host", retryMs: 100 },
    ]);
  });

  test("that has lasted begins the doubling anew", () => {
    const { cycle, platform, retryMs } = connectingClient({ minBackoffMs: 100 });
    for (let i = 0; i < 5; i++) {
      platform.socket.end(1011);
      platform.advance(retryMs() ?? 0);
    }
    cycle(1006);
    expect(retryMs()).toBe(50);
  });

  test.each([1006, 1008, 1011, 4401, 4404])(
    "with %d that has not lasted is no reason to begin anew, whatever came over it",
    async (code) => {
      let tokens = 0;
      const getToken = () => `token-${++tokens}`;
      const { client, platform } = connectingClient({ getToken, maxBackoffMs: 30_000 });
      client.publish("t", 1).catch(() => {});
      for (let ms = 0; ms < 60_000; ms += 10) {
        await settled();
        if (client.state.state === "connecting") {
          platform.socket.open();
          platform.socket.receive({ type: "pong" });
          platform.socket.receive({ type: "pong" });
          platform.socket.end(code);
        }
        platform.advance(10);
      }
      expect(platform.sockets.length).toBeGreaterThan(3);
      expect(platform.sockets.length).toBeLessThan(15);
      expect(tokens).toBeLessThan(15);
    },
  );

  test.each([
    [1008, 400],
    [1013, 3200],
  ])("for %d is waited for longer", (code, expected) => {
    const { cycle, retryMs } = connectingClient({ minBackoffMs: 100 });
    cycle(code);
    expect(retryMs()).toBe(expected);
  });

  test("is made again at once when the machine comes online", async () => {
    const { client, cycle, platform } = connectingClient();
    cycle(1006);
    platform.comeBack();
    expect(client.state.state).toBe("connecting");
    platform.socket.open();
    platform.comeBack();
    expect(platform.sockets.length).toBe(2);
    const closed = client.close();
    await settled();
    platform.socket.answerGoodbye?.();
    await closed;
    expect([platform.listenerCount, platform.timerCount]).toEqual([0, 0]);
  });
});

describe("a machine that comes back", () => {
  const pong = { type: "pong", request_id: "check" };

  test("asks the link at once, and gives it up within 3 s if there is no answer, whatever else still comes", () => {
    const { client, platform } = connectingClient();
    const { socket } = platform;
    socket.open();
    platform.comeBack();
    expect(socket.takeSent()).toEqual([{ type: "ping", request_id: "check" }]);
    socket.receive({ type: "event", topic: "t", message: { id: "m", payload: 1 }, offset: 1, ts: "" });
    platform.advance(1999);
    expect(client.state.state).toBe("open");
    platform.advance(1000);
    expect([client.state.state, platform.sockets.length]).not.toEqual(["open", 1]);
    expect(socket.isDropped).toBe(true);
  });

  test("keeps a link that answers, also if it comes back again before that", () => {
    const { client, platform } = connectingClient();
    platform.socket.open();
    platform.comeBack();
    platform.advance(1500);
    platform.comeBack();
    platform.advance(1500);
    platform.socket.receive(pong);
    platform.advance(10_000);
    expect([client.state.state, platform.sockets.length]).toEqual(["open", 1]);
  });

  test("counts an answer that is read only after the deadline, because the program stood still", () => {
    const { client, platform } = connectingClient();
    platform.socket.open();
    platform.comeBack();
    platform.advance(2000);
    platform.socket.receive(pong);
    platform.advance(10_000);
    expect([client.state.state, platform.sockets.length]).toEqual(["open", 1]);
  });
});

describe("the heartbeat", () => {
  test("asks a silent link for a sign of life, and gives it up if there is none", () => {
    const { client, platform } = connectingClient({ heartbeatMs: 1000 });
    const { socket } = platform;
    socket.open();
    platform.advance(1999);
    expect(socket.sent).toEqual([]);
    platform.advance(1);
    expect(socket.takeSent()).toEqual([{ type: "ping" }]);
    platform.advance(999);
    expect(client.state.state).toBe("open");
    platform.advance(1);
    expect(client.state).toMatchObject({ state: "waiting", code: 1006, reason: "no sign of life" });
    expect(socket.isDropped).toBe(true);
  });

  test("is content with whatever comes", () => {
    const { client, platform } = connectingClient({ heartbeatMs: 1000 });
    platform.socket.open();
    for (let i = 0; i < 10; i++) {
      platform.advance(1900);
      platform.socket.receive({ type: "event", topic: "t", message: { id: "m", payload: 1 }, offset: i, ts: "" });
    }
    expect(client.state.state).toBe("open");
    expect(platform.sockets.length).toBe(1);
  });

  test("gives up a connection that does not open in time", () => {
    const { client, platform } = connectingClient({ connectTimeoutMs: 1000 });
    const { socket } = platform;
    platform.advance(1000);
    expect(client.state).toMatchObject({ state: "waiting", reason: "no connection in time" });
    expect(socket.isDropped).toBe(true);
  });
});

describe("a server that is no Ringcast, or a faulty one", () => {
  const event = { type: "event", topic: "t", message: { id: "m", payload: 1 }, offset: 1, ts: "" };
  test.each([
    "",
    "hello",
    '0{"sid":"socket.io"}',
    "null",
    "1",
    "[]",
    "{}",
    { type: 1 },
    { type: "error" },
    { type: "error", error: null },
    { type: "error", error: { code: "BAD_REQUEST" } },
    { type: "info" },
    { type: "info", topic: 1, info: { code: "TOPIC_DELETED", message: "" } },
    { type: "info", topic: "t", info: { code: "TOPIC_DELETED" } },
    { type: "info", topic: "t", info: { code: "MESSAGES_DROPPED", dropped: "1", from_offset: 1, to_offset: 1 } },
    { type: "ack", request_id: "1", epoch: 1 },
    { type: "ack", request_id: "1", epoch: "e", offset: "1" },
    { type: "pong", server: {} },
    { ...event, topic: undefined },
    { ...event, offset: 1.5 },
    { ...event, offset: "1" },
    { ...event, message: null },
    { ...event, message: { payload: 1 } },
    { ...event, ts: 0 },
  ])("is left with 1002 and tried again after the back-off: %j", (message) => {
    const { client, platform } = connectingClient({ minBackoffMs: 100 });
    const got: unknown[] = [];
    client.subscribe("t", {}, ({ offset }) => got.push(offset)).ready.catch(() => {});
    const { socket } = platform;
    socket.open();
    socket.receive(message);
    expect(client.state).toMatchObject({ state: "waiting", code: 1002, retryMs: 50 });
    expect([socket.isDropped, got]).toEqual([true, []]);
  });

  test.each([{ type: "news" }, { type: "info", info: { code: "NEWS" } }])(
    "of a later version may send what this one does not know: %j",
    (message) => {
      const { client, platform } = connectingClient();
      platform.socket.open();
      platform.socket.receive(message);
      expect(client.state.state).toBe("open");
    },
  );
});

describe("a client with nothing to do", () => {
  test("stays away after its last topic was deleted, until there is something", async () => {
    const { client, cycle, platform, retryMs } = connectingClient();
    cycle(4404);
    expect([client.state.state, platform.timerCount]).toEqual(["idle", 0]);
    const published = client.publish("t", 1).catch(() => "rejected");
    expect(client.state.state).toBe("connecting");
    platform.socket.open();
    expect(platform.socket.takeSent()).toMatchObject([{ type: "publish", dedupe: false }]);
    // Now there is.
    platform.advance(5000);
    platform.socket.end(4404);
    expect(retryMs()).toBe(0);
    const closed = client.close(100);
    platform.advance(100);
    await closed;
    expect(await published).toBe("rejected");
  });
});

describe("close", () => {
  test.each(["connecting", "waiting", "idle"])(
    "ends a client that is %s at once, and leaves nothing",
    async (state) => {
      const { client, cycle, platform } = connectingClient();
      if (state === "waiting") platform.socket.end();
      if (state === "idle") cycle(4404);
      expect<string>(client.state.state).toBe(state);
      await client.close();
      expect([client.state.state, platform.timerCount, platform.listenerCount]).toEqual(["closed", 0, 0]);
      expect(platform.socket.isOpen).toBe(false);
    },
  );

  test("lets go of a server that does not answer its goodbye", async () => {
    const { client, platform } = connectingClient();
    platform.socket.open();
    const closed = client.close();
    await settled();
    expect(platform.socket.isDropped).toBe(false);
    platform.advance(1000);
    await closed;
    expect(platform.socket.isDropped).toBe(true);
    expect([client.state, platform.timerCount]).toEqual([{ state: "closed" }, 0]);
  });

  test("happens once, however often it is called", async () => {
    const { client, platform, states } = connectingClient();
    await Promise.all([client.close(), client.close()]);
    await client.close();
    expect(states).toEqual([{ state: "connecting" }, { state: "closed" }]);
    expect(platform.sockets.length).toBe(1);
  });
});

describe("a socket that can't be made", () => {
  test("ends the client, and all that it was to do", async () => {
    const { client, platform } = connectingClient({ apiKey: "key" });
    const published = client.publish("t", 1);
    const { ready } = client.subscribe("t", {}, () => {});
    platform.openError = new SyntaxError("bad subprotocol");
    platform.socket.end();
    platform.advance(60_000);
    expect(client.state).toMatchObject({ state: "closed", error: { code: "UNSUPPORTED" } });
    for (const promise of [published, ready, client.publish("t", 2)]) {
      expect(await promise.catch((error: unknown) => error)).toMatchObject({ code: "UNSUPPORTED" });
    }
    await client.close();
    expect(platform.timerCount).toBe(0);
  });
});
