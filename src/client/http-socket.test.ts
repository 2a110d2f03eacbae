import { afterEach, describe, expect, test, vi } from "vitest";
import { FakePlatform, type FakeSocket, settled } from "../../test/support/fake-platform.ts";
import { deferred } from "./deferred.ts";
import { openHttpSocket } from "./http-socket.ts";
import type { Credentials } from "./platform.ts";

const URL_TEXT = "wss://host.example/base/ws?tenant=1";
const NAME = "wss://host.example/base/ws";
const SESSION = 'event: session\ndata: {"type":"session","id":"abc-_1"}\n\n';

interface Request {
  readonly url: string;
  readonly init: RequestInit;
}

interface Closing {
  readonly code: number;
  readonly reason: string;
  readonly problem?: string;
}

/** Answers the requests of a socket. */
type Answer = (request: Request) => Response | Promise<Response>;

afterEach(() => {
  vi.unstubAllGlobals();
});

/** Opens a socket whose requests are answered by a function; notes what happens on it. */
function open(answer: Answer, credentials: Partial<Credentials> = {}) {
  const requests: Request[] = [];
  vi.stubGlobal("fetch", async (url: string | URL, init: RequestInit) => {
    const request = { url: String(url), init };
    requests.push(request);
    return answer(request);
  });
  const log: string[] = [];
  const { promise: closed, resolve } = deferred<Closing>();
  const { promise: opened, resolve: resolveOpened } = deferred<void>();
  const platform = new FakePlatform();
  const socket = openHttpSocket(
    platform,
    URL_TEXT,
    { apiKey: undefined, token: undefined, ...credentials },
    {
      opened: () => {
        log.push("opened");
        resolveOpened();
      },
      received: (text) => log.push(text),
      closed: (code, reason, problem) => {
        log.push("closed");
        resolve({ code, reason, ...(problem && { problem }) });
      },
      replaced: () => {
        log.push("replaced");
        socket.drop();
        return true;
      },
    },
  );
  return { platform, socket, requests, log, opened, closed };
}

/** A stream under the control of a test. */
class Stream {
  readonly response: Response;
  #controller: ReadableStreamDefaultController<Uint8Array> | undefined;

  constructor(text: string) {
    const body = new ReadableStream<Uint8Array>({
      start: (controller) => {
        this.#controller = controller;
      },
    });
    this.response = new Response(body, { headers: { "Content-Type": "text/event-stream" } });
    this.push(text);
  }

  push(text: string): void {
    this.#controller?.enqueue(Buffer.from(text));
  }

  end(): void {
    this.#controller?.close();
  }

  break(): void {
    this.#controller?.error(new Error("broken"));
  }
}

function refusal(status: number, error: unknown, headers: Record<string, string> = {}): Response {
  return new Response(JSON.stringify({ error }), { status, headers });
}

describe("a socket by HTTP", () => {
  test("asks for the path below the WebSocket's, with the query and the credentials", async () => {
    const { requests, closed } = open(() => new Response(), { apiKey: "k" });
    await closed;
    expect(requests[0]?.url).toBe("https://host.example/base/ws/session?tenant=1");
    const headers = new Headers(requests[0]?.init.headers);
    expect(headers.get("authorization")).toBe("Bearer k");
  });

  test("opens at the session event, passes messages on, and is closed as the stream says", async () => {
    const stream = new Stream(`:\n\n${SESSION}data: {"a":1}\n\nevent: later\ndata: ?\n\n`);
    const { closed, log } = open(() => stream.response);
    stream.push('event: close\ndata: {"type":"close","code":4404,"reason":"gone"}\n\ndata: {"a":2}\n\n');
    expect(await closed).toEqual({ code: 4404, reason: "gone" });
    expect(log).toEqual(["opened", '{"a":1}', "closed"]);
  });

  test("is closed with 1006, once, where the stream ends or breaks", async () => {
    for (const how of ["end", "break"] as const) {
      const stream = new Stream(SESSION);
      const { closed, log, opened } = open(() => stream.response);
      await opened;
      stream[how]();
      expect((await closed).code).toBe(1006);
      expect(log).toEqual(["opened", "closed"]);
    }
  });

  test("sends one request at a time, what is sent meanwhile together, in order and within bounds", async () => {
    const stream = new Stream(SESSION);
    const answers: (() => void)[] = [];
    const { opened, requests, socket } = open(({ init }) => {
      if (init.method === undefined) return stream.response;
      return new Promise((resolve) => answers.push(() => resolve(new Response(null, { status: 204 }))));
    });
    await opened;
    for (const text of ["1", '{"a":2}']) socket.send(text);
    await vi.waitFor(() => expect(answers).toHaveLength(1));
    const large = "x".repeat(150_000);
    const larger = "y".repeat(400_000);
    for (const text of [large, "3", large, larger, "4"]) socket.send(text);
    for (let sent = 1; sent <= 4; sent++) {
      await vi.waitFor(() => expect(answers).toHaveLength(sent));
      answers.at(-1)?.();
    }
    await vi.waitFor(() => expect(answers).toHaveLength(5));
    const [, ...posts] = requests;
    expect(posts.map(({ init }) => init.body)).toEqual(['1\n{"a":2}', `${large}\n3`, large, larger, "4"]);
    expect(new Set(posts.map(({ url }) => url))).toEqual(
      new Set(["https://host.example/base/ws/session/abc-_1?tenant=1"]),
    );
    expect(posts[0]?.init.headers).toEqual({});
  });

  test.each([
    ["a refusal", () => refusal(400, { code: "BAD_REQUEST", message: "no" }), 1006, "a request failed: no"],
    [
      "one that is too large",
      () => refusal(413, { code: "PAYLOAD_TOO_LARGE", message: "big" }),
      1009,
      "a request failed: big",
    ],
    ["a proxy", () => new Response("<html>", { status: 502 }), 1006, "a request failed: HTTP 502"],
    ["nothing", () => Promise.reject(new Error("offline")), 1006, "a request failed: Error: offline"],
  ])("is closed where a request meets %s", async (_, answer, code, reason) => {
    const stream = new Stream(SESSION);
    const { closed, opened, socket } = open(({ init }) => (init.method === undefined ? stream.response : answer()));
    await opened;
    socket.send("1");
    expect(await closed).toEqual({ code, reason });
  });

  test("is closed as its stream says where a request finds the session gone, if the stream does within a second", async () => {
    for (const isLate of [false, true]) {
      const stream = new Stream(SESSION);
      const { closed, log, opened, platform, socket } = open(({ init }) => {
        return init.method === undefined
          ? stream.response
          : refusal(404, { code: "NOT_FOUND", message: "there is no such session" });
      });
      await opened;
      socket.send("1");
      await vi.waitFor(() => expect(platform.timerCount).toBe(2));
      expect(log).toEqual(["opened"]);
      if (isLate) platform.advance(1000);
      else stream.push('event: close\ndata: {"type":"close","code":4401,"reason":"expired"}\n\n');
      expect((await closed).code).toBe(isLate ? 1006 : 4401);
      expect(platform.timerCount).toBe(0);
    }
  });

  test("has no further event once it is closed or dropped, and cancels its requests", async () => {
    for (const how of ["close", "drop"] as const) {
      const stream = new Stream(SESSION);
      const { log, opened, requests, socket } = open(() => stream.response);
      await opened;
      let isDone = false;
      socket[how](() => {
        isDone = true;
      });
      stream.push("data: late\n\n");
      socket.send("late");
      await settled();
      expect(log).toEqual(["opened"]);
      expect(requests).toHaveLength(1);
      expect(requests[0]?.init.signal?.aborted).toBe(true);
      expect(isDone).toBe(how === "close");
    }
  });
});

describe("a socket by HTTP that tries a WebSocket", () => {
  async function probing() {
    const stream = new Stream(SESSION);
    const all = open(() => stream.response);
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

describe("a session by HTTP that can't be had", () => {
  const none = (what: string): Closing => {
    return { code: 1006, reason: `${NAME} is not a Ringcast server (${what})`, problem: "NOT_RINGCAST" };
  };

  test.each<[string, () => Response, Closing]>([
    ["401", () => refusal(401, { code: "UNAUTHORIZED", message: "bad key" }), { code: 4401, reason: "bad key" }],
    ["403", () => refusal(403, { code: "FORBIDDEN", message: "bad origin" }), { code: 4403, reason: "bad origin" }],
    ["503", () => refusal(503, { code: "UNAVAILABLE", message: "full" }), { code: 1013, reason: "full" }],
    [
      "429 with Retry-After",
      () => refusal(429, { code: "RATE_LIMITED", message: "too many" }, { "Retry-After": "7" }),
      { code: 1013, reason: "too many; retry after 7000 ms" },
    ],
    [
      "429 with a hint of its own",
      () => refusal(429, { code: "RATE_LIMITED", message: "too many; retry after 250 ms" }, { "Retry-After": "1" }),
      { code: 1013, reason: "too many; retry after 250 ms" },
    ],
    [
      "503 with a date",
      () => refusal(503, { code: "UNAVAILABLE", message: "full" }, { "Retry-After": "Fri, 31 Dec 1999 23:59:59 GMT" }),
      { code: 1013, reason: "full" },
    ],
    [
      "500",
      () => refusal(500, { code: "INTERNAL", message: "internal error" }),
      { code: 1006, reason: "internal error" },
    ],
    ["an unknown error", () => refusal(400, { code: "constructor", message: "odd" }), { code: 1006, reason: "odd" }],
    ["404 by another server", () => new Response("no", { status: 404 }), none("HTTP 404")],
    ["401 by another server", () => refusal(401, "log in"), none("HTTP 401")],
    ["403 with an endless page", () => new Response(endless(), { status: 403 }), none("HTTP 403")],
    ["a page", () => new Response("<html>"), none("HTTP 200")],
    ["an empty stream", () => stream(""), none("HTTP 200")],
    ["another event stream", () => stream("data: hello\n\n"), none("HTTP 200")],
    ["another event stream with names", () => stream("event: close\ndata: {}\n\n"), none("HTTP 200")],
    ["another session", () => stream('event: session\ndata: {"id":"../admin"}\n\n'), none("HTTP 200")],
    ["a redirect", () => new Response(null, { status: 302, headers: { Location: "/login" } }), none("HTTP 302")],
  ])("is closed with the code and the reason of a WebSocket, or says what is wrong: %s", async (_, answer, closing) => {
    const { closed, log, requests } = open(answer);
    expect(await closed).toEqual(closing);
    expect(log).toEqual(["closed"]);
    expect(requests.map(({ init }) => init.redirect)).toEqual(["manual"]);
  });

  test("because the server is older or its path is another says so, also if the server needs a key", async () => {
    const notFound = () => refusal(404, { code: "NOT_FOUND", message: "there is nothing at this path" });
    const older = ({ init, url }: Request) => {
      if (url.includes("/session")) return notFound();
      if (!new Headers(init.headers).has("authorization")) return refusal(401, { code: "UNAUTHORIZED", message: "" });
      return refusal(426, { code: "UPGRADE_REQUIRED", message: "this path needs a WebSocket upgrade" });
    };
    expect(await open(older, { apiKey: "k" }).closed).toEqual({
      code: 1006,
      reason: `WebSockets to ${NAME} fail, and its server is too old to work without them`,
      problem: "UNREACHABLE",
    });
    const { closed } = open(notFound);
    expect(await closed).toMatchObject({ problem: "NOT_RINGCAST", reason: expect.stringContaining("use /ws") });
  });

  const failing = (code: string) => () =>
    Promise.reject(Object.assign(new TypeError("fetch failed"), { cause: { code } }));

  test("because nothing answers says so, with what the runtime knows", async () => {
    const nothing = { code: 1006, reason: `nothing answers at ${NAME}`, problem: "UNREACHABLE" };
    expect(await open(failing("ECONNREFUSED")).closed).toEqual(nothing);
    const reason = `${nothing.reason} (CERT_HAS_EXPIRED)`;
    expect(await open(failing("CERT_HAS_EXPIRED")).closed).toEqual({ ...nothing, reason });
  });

  test("because the page may not read what answers says so, and shows it no credentials", async () => {
    const { closed, requests } = open(({ init }) => (init.mode === "no-cors" ? new Response() : failing("")()), {
      token: "t",
    });
    expect(await closed).toMatchObject({ problem: "NOT_RINGCAST", reason: expect.stringContaining("-enable-cors") });
    expect(requests[1]?.init).toMatchObject({ method: "HEAD", headers: {}, credentials: "omit" });
  });

  test("is not reported once the socket is dropped", async () => {
    const { log, socket } = open(failing("ECONNREFUSED"));
    socket.drop();
    await settled();
    expect(log).toEqual([]);
  });
});

/** A response that is a stream, which ends. */
function stream(text: string): Response {
  return new Response(text, { headers: { "Content-Type": "text/event-stream" } });
}

/** A body without an end. */
function endless(): ReadableStream<Uint8Array> {
  return new ReadableStream({ pull: (controller) => controller.enqueue(new Uint8Array(10_000)) });
}
