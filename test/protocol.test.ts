import { describe, expect, test, vi } from "vitest";
import { TestClient } from "./support/client.ts";
import { OPCODE } from "./support/frames.ts";
import { ServerProcess } from "./support/server-process.ts";

vi.setConfig({ testTimeout: 30_000, hookTimeout: 30_000 });

// What holds for every request: one answer, the request id in it, the timestamp's form.

const VALID_REQUESTS = [
  { what: "a ping", request: { type: "ping" }, answer: "pong" },
  { what: "a subscribe", request: { type: "subscribe", topic: "t", client_id: "c1" }, answer: "ack" },
  { what: "an unsubscribe", request: { type: "unsubscribe", topic: "t", client_id: "c1" }, answer: "ack" },
  { what: "a publish", request: { type: "publish", topic: "t", message: { id: "m", payload: 1 } }, answer: "ack" },
] as const;

const INVALID_REQUESTS = [
  { what: "an unknown type", request: { type: "nonsense" } },
  { what: "no type", request: {} },
  { what: "a subscribe without a topic", request: { type: "subscribe", client_id: "c1" } },
  { what: "a subscribe without a client_id", request: { type: "subscribe", topic: "t" } },
  { what: "an unsubscribe without a client_id", request: { type: "unsubscribe", topic: "t" } },
  { what: "an unsubscribe from what it never joined", request: { type: "unsubscribe", topic: "t", client_id: "c1" } },
  { what: "a publish without a message", request: { type: "publish", topic: "t" } },
  { what: "a publish with a wrong topic", request: { type: "publish", topic: 5, message: { id: "m", payload: 1 } } },
] as const;

describe("every request", () => {
  test("gets exactly one answer, in the order in which they were sent, with its request_id", async () => {
    await using server = await ServerProcess.start();
    using client = await TestClient.connect(server.port);
    const requests: { request_id: string; type?: string }[] = [];
    const expected: string[] = [];
    // Subscribe, unsubscribe and publish in turn, so that no event comes in between.
    for (let round = 0; round < 20; round++) {
      for (const { answer, request } of VALID_REQUESTS) {
        requests.push({ ...request, request_id: `r${requests.length}` });
        expected.push(answer);
      }
      for (const { request } of INVALID_REQUESTS) {
        requests.push({ ...request, request_id: `r${requests.length}` });
        expected.push("error");
      }
    }
    for (const request of requests) client.send(request);
    const answers = await client.settled();
    expect(answers.map<string>((answer) => answer.type)).toEqual(expected);
    expect(answers.map((answer) => ("request_id" in answer ? answer.request_id : undefined))).toEqual(
      requests.map((request) => request.request_id),
    );
  });

  test("is answered with the time of its own input", async () => {
    await using server = await ServerProcess.start();
    using client = await TestClient.connect(server.port);
    const times = new Set<number>();
    while (times.size < 3) {
      const sentMs = Date.now();
      client.send({ type: "ping" });
      const answeredMs = Date.parse((await client.expect("pong")).ts);
      expect(answeredMs).toBeGreaterThanOrEqual(sentMs);
      expect(answeredMs).toBeLessThanOrEqual(Date.now());
      times.add(answeredMs);
    }
  });

  for (const { answer, request, what } of VALID_REQUESTS) {
    test(`${what} without a request_id is answered without one`, async () => {
      await using server = await ServerProcess.start();
      using client = await TestClient.connect(server.port);
      if (request.type === "unsubscribe") await client.subscribe("t");
      client.send(request);
      const text = await client.nextText();
      expect(text).toContain(`"type":"${answer}"`);
      expect(text).not.toContain("request_id");
    });
  }

  for (const { request, what } of INVALID_REQUESTS) {
    test(`${what} is answered with BAD_REQUEST, with the request_id if there is one`, async () => {
      await using server = await ServerProcess.start();
      using client = await TestClient.connect(server.port);
      client.send({ ...request, request_id: "wrong-1" });
      expect(await client.expect("error")).toMatchObject({ request_id: "wrong-1", error: { code: "BAD_REQUEST" } });
      client.send(request);
      const text = await client.nextText();
      expect(JSON.parse(text)).toMatchObject({ type: "error", error: { code: "BAD_REQUEST" } });
      expect(text).not.toContain("request_id");
      expect(await client.settled()).toEqual([]);
    });
  }
});

describe("request_id", () => {
  test("comes back unchanged: empty, escaped, of other scripts, of 256 characters", async () => {
    await using server = await ServerProcess.start();
    using client = await TestClient.connect(server.port);
    for (const id of [
      "",
      "a",
      "ä☃😀",
      'quote " and \\ backslash',
      "line\nbreak\u0000",
      "x".repeat(256),
      "😀".repeat(256),
    ]) {
      client.send({ type: "ping", request_id: id });
      expect(await client.expect("pong")).toMatchObject({ request_id: id });
    }
  });

  test("that is too long or no string is refused, and not echoed", async () => {
    await using server = await ServerProcess.start();
    using client = await TestClient.connect(server.port);
    for (const id of ["x".repeat(257), "😀".repeat(257), 5, null, true, {}, ["r"]]) {
      client.send({ type: "ping", request_id: id });
      const text = await client.nextText();
      expect(JSON.parse(text)).toMatchObject({ type: "error", error: { code: "BAD_REQUEST" } });
      expect(text).not.toContain('"request_id":');
    }
  });

  test("of the last of two duplicate keys is the one that counts", async () => {
    await using server = await ServerProcess.start();
    using client = await TestClient.connect(server.port);
    client.send('{"request_id":"first","type":"ping","request_id":"second"}');
    expect(await client.expect("pong")).toMatchObject({ request_id: "second" });
  });
});

describe("ping", () => {
  test("is answered with a pong that has a timestamp, the server's name and its limit of last_n", async () => {
    await using server = await ServerProcess.start();
    using client = await TestClient.connect(server.port);
    client.send({ type: "ping", request_id: "ping-001" });
    const pong: unknown = JSON.parse(await client.nextText());
    expect(pong).toEqual({
      type: "pong",
      request_id: "ping-001",
      server: expect.stringMatching(/^[0-9a-f]{8}$/),
      max_last_n: 100,
      ts: expect.any(String),
    });
  });

  test("as a WebSocket control frame is answered with a pong frame of the same payload", async () => {
    await using server = await ServerProcess.start();
    using client = await TestClient.connect(server.port);
    client.sendFrame({ opcode: OPCODE.PING, payload: "are you there" });
    await client.settled();
    const pongs = client.controlFrames.filter((frame) => frame.opcode === OPCODE.PONG);
    expect(pongs.map((frame) => frame.payload.toString())).toEqual(["are you there"]);
  });
});

describe("ts", () => {
  test("is RFC 3339 in UTC with milliseconds, and the server's time, in every kind of message", async () => {
    await using server = await ServerProcess.start();
    using client = await TestClient.connect(server.port);
    using other = await TestClient.connect(server.port);
    const before = Date.now();
    await other.subscribe("other");
    await client.subscribe("t");
    client.publish("t", "m", 1);
    client.send({ type: "ping" });
    client.send("not JSON");
    const messages = await client.settled();
    expect((await server.fetch("/topics/t", { method: "DELETE" })).status).toBe(200);
    messages.push(await client.expect("info"));
    const after = Date.now();
    expect(messages.map((message) => message.type).sort()).toEqual(["ack", "error", "event", "info", "pong"]);
    for (const { ts } of messages) {
      expect(ts).toMatch(/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z$/);
      expect(Date.parse(ts)).toBeGreaterThanOrEqual(before);
      expect(Date.parse(ts)).toBeLessThanOrEqual(after);
    }
  });
});

describe("a binary message", () => {
  test("is answered with BAD_REQUEST, whatever it holds, and the connection lives", async () => {
    await using server = await ServerProcess.start();
    using client = await TestClient.connect(server.port);
    for (const payload of [
      Buffer.from([0, 255, 1]),
      Buffer.from('{"type":"ping","request_id":"r"}'),
      Buffer.alloc(0),
    ]) {
      client.sendFrame({ opcode: OPCODE.BINARY, payload });
      expect(await client.expect("error")).toMatchObject({ error: { code: "BAD_REQUEST" } });
    }
    expect(await client.settled()).toEqual([]);
  });
});

describe("keys that the protocol does not know", () => {
  test("are ignored, at every level of a request", async () => {
    await using server = await ServerProcess.start();
    using client = await TestClient.connect(server.port);
    await client.subscribe("t", { extra: [1, 2], last_n: 0 });
    client.send(
      '{"type":"publish","topic":"t","x":{"y":1},"message":{"z":2,"id":"m","payload":[1],"w":null},"client_id":7,"last_n":"no"}',
    );
    const messages = await client.settled();
    expect(messages.map((message) => message.type).sort()).toEqual(["ack", "event"]);
    client.send({ type: "ping", topic: 5, message: "no" });
    await client.expect("pong");
  });
});
