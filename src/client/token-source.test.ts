import { describe, expect, test } from "vitest";
import { connectingClient } from "../../test/support/connecting-client.ts";
import { settled } from "../../test/support/fake-platform.ts";
import { untyped } from "../../test/support/untyped.ts";
import { deferred } from "./deferred.ts";

describe("a token", () => {
  test("is fetched once, and used again as long as nothing speaks against it", async () => {
    let count = 0;
    const { cycle, platform, retry } = connectingClient({ getToken: () => `token-${++count}` });
    await settled();
    expect(platform.socket.credentials).toEqual({ apiKey: undefined, token: "token-1" });
    cycle(1006);
    await retry();
    expect(platform.socket.credentials.token).toBe("token-1");
    // A handshake that fails may have failed for the token.
    platform.socket.end(1006);
    await retry();
    expect(platform.socket.credentials.token).toBe("token-2");
  });

  test("that has ended is replaced at once, but not again and again", async () => {
    let count = 0;
    const { cycle, platform, retry, retryMs } = connectingClient({
      token: "token-0",
      getToken: async () => `token-${++count}`,
    });
    expect(platform.socket.credentials.token).toBe("token-0");
    cycle(4401);
    expect(retryMs()).toBe(0);
    await retry();
    expect(platform.socket.credentials.token).toBe("token-1");
    // Nothing came over this one but the answer to the greeting.
    platform.socket.open();
    platform.socket.end(4401);
    expect(retryMs()).toBeGreaterThan(0);
    await retry();
    expect(platform.socket.credentials.token).toBe("token-2");
  });

  test("that can't be had is asked for again after the back-off, and the state says why", async () => {
    const problem = new Error("no back end");
    let count = 0;
    const getToken = () => {
      if (++count === 1) throw problem;
      return "token";
    };
    const { client, platform } = connectingClient({ getToken, minBackoffMs: 100 });
    await settled();
    expect(client.state).toMatchObject({ state: "waiting", error: { code: "NO_TOKEN", cause: problem } });
    expect(platform.sockets).toEqual([]);
    platform.advance(50);
    await settled();
    expect(platform.socket.credentials.token).toBe("token");
  });

  test("that takes longer than a connection may is waited for, with one call", async () => {
    const late = deferred<string>();
    let count = 0;
    const getToken = () => {
      count++;
      return late.promise;
    };
    const { client, platform } = connectingClient({ getToken, connectTimeoutMs: 1000 });
    platform.advance(20_000);
    await settled();
    expect(client.state.state).toBe("connecting");
    late.resolve("late");
    await settled();
    expect([count, ...platform.sockets.map(({ credentials }) => credentials.token)]).toEqual([1, "late"]);
  });

  test("that does not come within 30 s is asked for again; when it comes after all, it is not used", async () => {
    const late = deferred<string>();
    let count = 0;
    const getToken = () => (++count === 1 ? late.promise : "second");
    const { client, platform, retry } = connectingClient({ getToken });
    platform.advance(30_000);
    await settled();
    expect(client.state).toMatchObject({ state: "waiting", reason: "no token", error: { code: "NO_TOKEN" } });
    late.resolve("first");
    await settled();
    await retry();
    expect(platform.sockets.map(({ credentials }) => credentials.token)).toEqual(["second"]);
  });

  const secret = "secret-part";
  test.each([
    ["undefined", undefined],
    ["null", null],
    ["an empty text", ""],
    ["HTML", `<html>${secret}</html>`],
    ["a text with a line break", `${secret}\n`],
    ["a text with a space", `a ${secret}`],
    ["an answer of fetch", { ok: false, text: () => secret }],
    ["a number", 17],
  ])("that is %s is refused, asked for again with back-off, and not in the error", async (_, value) => {
    let count = 0;
    const getToken = () => {
      count++;
      return untyped(value);
    };
    const { client, platform, retry, retryMs } = connectingClient({ getToken, minBackoffMs: 100 });
    await settled();
    expect(client.state).toMatchObject({ state: "waiting", error: { code: "NO_TOKEN" } });
    expect(String(client.state.state === "waiting" && client.state.error)).not.toContain(secret);
    const waits = [retryMs()];
    for (let i = 0; i < 3; i++) {
      await retry();
      waits.push(retryMs());
    }
    expect([count, platform.sockets.length, ...waits]).toEqual([4, 0, 50, 100, 200, 400]);
  });

  test("that is given and is none ends the client, and is not in the error", () => {
    const { client, platform } = connectingClient({ token: `${secret}\n` });
    const { state } = client;
    const error = state.state === "closed" ? state.error : undefined;
    expect([error?.code, platform.sockets.length, platform.timerCount]).toEqual(["UNSUPPORTED", 0, 0]);
    expect(String(error)).not.toContain(secret);
  });

  test("is not asked for after close, and a call that hangs holds no timer", async () => {
    let count = 0;
    const getToken = () => {
      count++;
      return new Promise<string>(() => {});
    };
    const { client, platform } = connectingClient({ getToken });
    await client.close();
    platform.advance(120_000);
    await settled();
    expect([count, platform.timerCount, client.state]).toEqual([1, 0, { state: "closed" }]);
  });

  const expiring = { type: "info", info: { code: "TOKEN_EXPIRING", message: "", expires_at: "" } };

  test("about to end is renewed in place, and asked for again where that fails", async () => {
    let count = 0;
    const getToken = () => {
      if (++count === 2) throw new Error("no back end");
      return `token-${count}`;
    };
    const { client, platform } = connectingClient({ getToken });
    await settled();
    const { socket } = platform;
    socket.open();
    socket.receive(expiring);
    await settled();
    expect([client.state.state, socket.sent]).toEqual(["open", []]);
    platform.advance(1000);
    await settled();
    expect(socket.takeSent()).toEqual([{ type: "refresh", token: "token-3" }]);
    platform.advance(10_000);
    expect(count).toBe(3);
  });

  test.each([
    ["the one that is about to end", () => "token", 0],
    ["always a new one", (count: number) => `token-${count}`, 60],
  ])(
    "that the server warns of all the time is asked for no more than once a second, if it is %s",
    async (_, of, refreshes) => {
      let count = 0;
      const { client, platform } = connectingClient({ getToken: () => of(++count) });
      await settled();
      const { socket } = platform;
      socket.open();
      for (let ms = 0; ms < 60_000; ms += 50) {
        socket.receive(expiring);
        platform.advance(50);
        await settled();
      }
      const sent = socket.takeSent().filter(({ type }) => type === "refresh");
      expect(count).toBeLessThanOrEqual(62);
      expect(Math.abs(sent.length - refreshes)).toBeLessThanOrEqual(1);
      await Promise.all([client.close(), settled().then(() => socket.answerGoodbye?.())]);
      expect(platform.timerCount).toBe(0);
    },
  );

  test("is not fetched twice at a time, though the connection breaks while it is", async () => {
    const answers: ((token: string) => void)[] = [];
    let open = 0;
    let most = 0;
    const getToken = async () => {
      most = Math.max(most, ++open);
      const token = await new Promise<string>((resolve) => answers.push(resolve));
      open--;
      return token;
    };
    const { platform, retry } = connectingClient({ getToken });
    answers.shift()?.("token-1");
    await settled();
    platform.socket.open();
    platform.socket.receive(expiring);
    platform.socket.end(4401);
    await retry();
    expect([platform.sockets.length, answers.length]).toEqual([1, 1]);
    answers.shift()?.("token-2");
    await settled();
    expect([most, ...platform.sockets.map(({ credentials }) => credentials.token)]).toEqual([1, "token-1", "token-2"]);
  });
});
