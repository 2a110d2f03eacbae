import { afterEach, describe, expect, test, vi } from "vitest";
import { type Closing, FakeStream, NAME, openByHttp, type Request, SESSION } from "../../test/support/fake-http.ts";
import { settled } from "../../test/support/fake-platform.ts";

afterEach(() => {
  vi.unstubAllGlobals();
});

function refusal(status: number, error: unknown, headers: Record<string, string> = {}): Response {
  return new Response(JSON.stringify({ error }), { status, headers });
}

describe("a socket by HTTP", () => {
  test("asks for the path below the WebSocket's, with the query and the credentials", async () => {
    const { requests, closed } = openByHttp(() => new Response(), { apiKey: "k" });
    await closed;
    expect(requests[0]?.url).toBe("https://host.example/base/ws/session?tenant=1");
    const headers = new Headers(requests[0]?.init.headers);
    expect(headers.get("authorization")).toBe("Bearer k");
  });

  test("opens at the session event, passes messages on, and is closed as the stream says", async () => {
    const stream = new FakeStream(`:\n\n${SESSION}data: {"a":1}\n\nevent: later\ndata: ?\n\n`);
    const { closed, log } = openByHttp(() => stream.response);
    stream.push('event: close\ndata: {"type":"close","code":4404,"reason":"gone"}\n\ndata: {"a":2}\n\n');
    expect(await closed).toEqual({ code: 4404, reason: "gone" });
    expect(log).toEqual(["opened", '{"a":1}', "closed"]);
  });

  test("is closed with 1006, once, where the stream ends or breaks", async () => {
    for (const how of ["end", "break"] as const) {
      const stream = new FakeStream(SESSION);
      const { closed, log, opened } = openByHttp(() => stream.response);
      await opened;
      stream[how]();
      expect((await closed).code).toBe(1006);
      expect(log).toEqual(["opened", "closed"]);
    }
  });

  test("sends one request at a time, what is sent meanwhile together, in order and within bounds", async () => {
    const stream = new FakeStream(SESSION);
    const answers: (() => void)[] = [];
    const { opened, requests, socket } = openByHttp(({ init }) => {
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
    const stream = new FakeStream(SESSION);
    const { closed, opened, socket } = openByHttp(({ init }) =>
      init.method === undefined ? stream.response : answer(),
    );
    await opened;
    socket.send("1");
    expect(await closed).toEqual({ code, reason });
  });

  test("sends a request with line breaks as one request", async () => {
    const stream = new FakeStream(SESSION);
    const { opened, requests, socket } = openByHttp(({ init }) => {
      return init.method === undefined ? stream.response : new Response(null, { status: 204 });
    });
    await opened;
    socket.send('{"payload":[\n{"type":"publish"}\r\n]}');
    await vi.waitFor(() => expect(requests).toHaveLength(2));
    expect(requests[1]?.init.body).toBe('{"payload":[ {"type":"publish"}  ]}');
  });

  test("is closed where a request is not answered within 30 s, though the stream lives", async () => {
    const stream = new FakeStream(SESSION);
    const { closed, log, opened, platform, requests, socket } = openByHttp(({ init }) => {
      return init.method === undefined ? stream.response : new Promise(() => {});
    });
    await opened;
    socket.send("1");
    await vi.waitFor(() => expect(requests).toHaveLength(2));
    platform.advance(29_999);
    stream.push("data: {}\n\n");
    await vi.waitFor(() => expect(log).toEqual(["opened", "{}"]));
    platform.advance(1);
    expect(await closed).toEqual({ code: 1006, reason: "no response to a request within 30 s" });
    expect(platform.timerCount).toBe(0);
  });

  test("is closed as its stream says where a request finds the session gone, if the stream does within a second", async () => {
    for (const isLate of [false, true]) {
      const stream = new FakeStream(SESSION);
      const { closed, log, opened, platform, socket } = openByHttp(({ init }) => {
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
      const stream = new FakeStream(SESSION);
      const { log, opened, requests, socket } = openByHttp(() => stream.response);
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
    const { closed, log, requests } = openByHttp(answer);
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
    expect(await openByHttp(older, { apiKey: "k" }).closed).toEqual({
      code: 1006,
      reason: `WebSockets to ${NAME} fail, and its server is too old to work without them`,
      problem: "UNREACHABLE",
    });
    const { closed } = openByHttp(notFound);
    expect(await closed).toMatchObject({ problem: "NOT_RINGCAST", reason: expect.stringContaining("use /ws") });
  });

  const failing = (code: string) => () =>
    Promise.reject(Object.assign(new TypeError("fetch failed"), { cause: { code } }));

  test("because nothing answers says so, with what the runtime knows", async () => {
    const nothing = { code: 1006, reason: `nothing answers at ${NAME}`, problem: "UNREACHABLE" };
    expect(await openByHttp(failing("ECONNREFUSED")).closed).toEqual(nothing);
    const reason = `${nothing.reason} (CERT_HAS_EXPIRED)`;
    expect(await openByHttp(failing("CERT_HAS_EXPIRED")).closed).toEqual({ ...nothing, reason });
  });

  test("because the page may not read what answers says so, and shows it no credentials", async () => {
    const { closed, requests } = openByHttp(({ init }) => (init.mode === "no-cors" ? new Response() : failing("")()), {
      token: "t",
    });
    expect(await closed).toMatchObject({ problem: "NOT_RINGCAST", reason: expect.stringContaining("-enable-cors") });
    expect(requests[1]?.init).toMatchObject({ method: "HEAD", headers: {}, credentials: "omit" });
  });

  test("is not reported once the socket is dropped", async () => {
    const { log, socket } = openByHttp(failing("ECONNREFUSED"));
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
