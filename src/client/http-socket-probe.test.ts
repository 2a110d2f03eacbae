import { afterEach, describe, expect, test, vi } from "vitest";
import { FakeStream, openByHttp, SESSION } from "../../test/support/fake-http.ts";
import { type FakeSocket, settled } from "../../test/support/fake-platform.ts";

afterEach(() => {
  vi.unstubAllGlobals();
});

describe("a socket by HTTP that tries a WebSocket", () => {
  async function probing() {
    const stream = new FakeStream(SESSION);
    const all = openByHttp(() => stream.response);
    await all.opened;
    return { ...all, probes: all.platform.sockets };
  }

  test("does so after a pause that doubles, whatever comes of it, and is not in the way meanwhile", async () => {
    const { log, platform, probes } = await probing();
    const ends: ((probe: FakeSocket) => void)[] = [
      (probe) => probe.end(1006),
      // A proxy that accepts it, and lets nothing through.
      () => platform.advance(10_000),
      (probe) => probe.receive({ type: "error" }),
      (probe) => {
        probe.accept();
        expect(probe.takeSent()).toEqual([{ type: "ping" }]);
        platform.advance(10_000);
      },
    ];
    let pauseMs = 30_000;
    for (const [i, end] of ends.entries()) {
      platform.advance(pauseMs - 1);
      expect(probes).toHaveLength(i);
      platform.advance(1);
      const probe = probes[i];
      if (probe === undefined) throw new Error("no WebSocket was tried");
      end(probe);
      expect(probe.isOpen).toBe(false);
      pauseMs *= 2;
    }
    platform.openError = new Error("not here");
    platform.advance(pauseMs);
    platform.openError = undefined;
    platform.advance(600_000);
    expect(probes).toHaveLength(5);
    expect(log).toEqual(["opened"]);
  });

  test("hands it over once it has answered, with the events that come on it from then on", async () => {
    const { log, platform, probes, requests } = await probing();
    platform.advance(30_000);
    const [probe] = probes;
    probe?.accept();
    probe?.receive({ type: "pong" });
    expect(log).toEqual(["opened", "replaced"]);
    expect(requests[0]?.init.signal?.aborted).toBe(true);
    probe?.receive("{}");
    probe?.end(1001);
    expect(log).toEqual(["opened", "replaced", "{}", "closed"]);
    platform.advance(3_600_000);
    expect(probes).toHaveLength(1);
  });
});

describe("a socket by HTTP that has a request under way when a WebSocket answers", () => {
  async function moving() {
    const stream = new FakeStream(SESSION);
    const answers: (() => void)[] = [];
    const all = openByHttp(({ init }) => {
      if (init.method === undefined) return stream.response;
      return new Promise((resolve) => answers.push(() => resolve(new Response(null, { status: 204 }))));
    });
    await all.opened;
    all.platform.advance(29_999);
    all.socket.send("1");
    await vi.waitFor(() => expect(answers).toHaveLength(1));
    all.socket.send("2");
    all.platform.advance(1);
    const { socket: probe } = all.platform;
    probe.accept();
    probe.receive({ type: "pong" });
    return { ...all, answers, probe };
  }

  test("hands over only when that request is answered, and sends no other meanwhile", async () => {
    const { answers, log, requests } = await moving();
    expect(log).toEqual(["opened"]);
    answers[0]?.();
    await vi.waitFor(() => expect(log).toEqual(["opened", "replaced"]));
    expect(requests).toHaveLength(2);
  });

  test("stays as it is where that takes too long, and tries again later", async () => {
    const { answers, log, platform, probe, requests } = await moving();
    platform.advance(10_000);
    expect(probe.isOpen).toBe(false);
    answers[0]?.();
    await vi.waitFor(() => expect(requests).toHaveLength(3));
    expect(requests[2]?.init.body).toBe("2");
    expect(log).toEqual(["opened"]);
    answers[1]?.();
    await settled();
    platform.advance(60_000);
    platform.socket.accept();
    platform.socket.receive({ type: "pong" });
    expect(log).toEqual(["opened", "replaced"]);
  });

  test("hands nothing over once it is dropped", async () => {
    const { answers, log, socket } = await moving();
    socket.drop();
    answers[0]?.();
    await settled();
    expect(log).toEqual(["opened"]);
  });
});
