import { connect } from "node:net";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { z } from "zod";
import { TestClient } from "./support/client.ts";
import { RawConnection } from "./support/raw-connection.ts";
import { ServerProcess } from "./support/server-process.ts";

vi.setConfig({ testTimeout: 30_000, hookTimeout: 30_000 });

const publishedSchema = z.strictObject({
  topic: z.string(),
  epoch: z.string(),
  messages: z.array(z.strictObject({ id: z.string(), offset: z.int(), duplicate: z.literal(true).optional() })),
});
const refusedSchema = z.strictObject({ error: z.strictObject({ code: z.string(), message: z.string() }) });

let server: ServerProcess;

beforeAll(async () => {
  server = await ServerProcess.start();
});

afterAll(() => server[Symbol.asyncDispose]());

async function publish(topic: string, body: unknown, query = "") {
  const answer = await server.post(`/topics/${encodeURIComponent(topic)}/messages${query}`, body);
  expect(answer.status).toBe(200);
  return publishedSchema.parse(await answer.json());
}

async function refused(answer: Response) {
  return { status: answer.status, code: refusedSchema.parse(await answer.json()).error.code };
}

describe("a publish by HTTP", () => {
  test("reaches subscribers like any other, and is answered with its id and offset", async () => {
    using subscriber = await TestClient.connect(server.port);
    const { epoch } = await subscriber.subscribe("a/b");
    expect(await publish("a/b", { id: "m1", payload: { n: 1 } })).toEqual({
      topic: "a/b",
      epoch: epoch ?? "",
      messages: [{ id: "m1", offset: 1 }],
    });
    expect(await subscriber.expect("event")).toMatchObject({ offset: 1, message: { id: "m1", payload: { n: 1 } } });
  });

  test("is taken however its body comes: with the head, in pieces, in chunks, behind another request", async () => {
    using connection = await RawConnection.open(server.port);
    const request = (id: string, framing: (body: string) => string) => {
      const body = `{"id":"${id}","payload":"${"p".repeat(100)}"}`;
      return `POST /topics/pieces/messages HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n${framing(body)}`;
    };
    const whole = (id: string) => request(id, (body) => `Content-Length: ${body.length}\r\n\r\n${body}`);
    const chunked = (id: string) =>
      request(id, (body) => `Transfer-Encoding: chunked\r\n\r\n${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`);
    connection.send(whole("m1"));
    await connection.until('"id":"m1","offset":1}');
    for (const piece of whole("m2").match(/[\s\S]{1,90}/g) ?? []) {
      connection.send(piece);
      // Meanwhile the server has read the piece.
      await server.fetch("/health");
    }
    expect(await connection.until('"id":"m2","offset":2}')).not.toMatch(/connection: close/i);
    connection.send(chunked("m3"));
    await connection.until('"id":"m3","offset":3}');
    connection.send(whole("m4") + chunked("m5") + whole("m6"));
    expect(await connection.until('"id":"m6","offset":6}')).toMatch(/"m4","offset":4\}[\s\S]*"m5","offset":5\}/);
  });

  test("is taken whole at every size near 64 KiB, where the server needs two reads for it", async () => {
    // 64 KiB are read at a time, the head among them.
    for (let size = 64_500; size <= 66_000; size += 50) {
      const { messages } = await publish(`sizes${size}`, { payload: "p".repeat(size) });
      expect(messages).toHaveLength(1);
    }
  });

  test("causes no error in the server when its client disconnects before the answer", async () => {
    const body = '{"payload":1}';
    const request = `POST /topics/gone/messages HTTP/1.1\r\nHost: x\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
    for (let n = 0; n < 100; n++) {
      const socket = connect({ port: server.port, host: "127.0.0.1" });
      socket.on("error", () => {});
      const closed = new Promise((resolve) => socket.once("close", resolve));
      socket.write(request, () => (n % 2 === 0 ? socket.destroy() : socket.resetAndDestroy()));
      await closed;
    }
    await publish("gone", { payload: 2 });
    expect(await server.stats()).toMatchObject({ internal_errors: 0 });
  });

  test("gets an id that sorts by time where it has none", async () => {
    const ids: string[] = [];
    for (let n = 0; n < 20; n++) ids.push((await publish("made", { payload: n })).messages[0]?.id ?? "");
    // RFC 9562, section 5.7.
    for (const id of ids) expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(ids.toSorted()).toEqual(ids);
  });

  test("passes payloads and ids on byte for byte", async () => {
    using subscriber = await TestClient.connect(server.port);
    await subscriber.subscribe("bytes");
    const payload = '{ "n":9223372036854775807,"big":1e400,"z":-0.0,"a":"\\u0041\\ud800","ü":"ü","b":[ ] }';
    await publish("bytes", `{"messages":[{"id":"\\u0069d","payload":${payload}}]}`);
    expect(await subscriber.nextText()).toContain(`{"id":"\\u0069d","payload":${payload}},"offset":1`);
  });

  test("of a list is in one piece: in its order, with nobody else's message in between", async () => {
    using subscriber = await TestClient.connect(server.port);
    await subscriber.subscribe("list");
    const list = (name: string) => Array.from({ length: 100 }, (_, i) => ({ id: `${name}${i}`, payload: i }));
    await Promise.all(["a", "b", "c", "d"].map((name) => publish("list", { messages: list(name) })));
    const ids: string[] = [];
    for (let n = 0; n < 400; n++) ids.push((await subscriber.expect("event")).message.id);
    for (let start = 0; start < 400; start += 100) {
      const name = ids[start]?.[0] ?? "";
      expect(ids.slice(start, start + 100)).toEqual(list(name).map(({ id }) => id));
    }
  });

  test("of a list with one that is wrong publishes none, and begins no topic", async () => {
    const answer = await server.post("/topics/none/messages", { messages: [{ payload: 1 }, { id: "" }] });
    expect(await refused(answer)).toEqual({ status: 400, code: "BAD_REQUEST" });
    expect((await server.fetch("/topics/none")).status).toBe(404);
  });

  test("takes a thousand messages and no more", async () => {
    const list = Array.from({ length: 1001 }, (_, n) => ({ payload: n }));
    expect((await publish("thousand", { messages: list.slice(1) })).messages).toHaveLength(1000);
    const answer = await server.post("/topics/thousand/messages", { messages: list });
    expect(await refused(answer)).toEqual({ status: 400, code: "BAD_REQUEST" });
  });

  test.each([
    ["half an object", "{", 400, "BAD_REQUEST"],
    ["an array", "[]", 400, "BAD_REQUEST"],
    ["empty", "", 400, "BAD_REQUEST"],
    ["nested too deeply", `{"payload":${"[".repeat(1001)}${"]".repeat(1001)}}`, 400, "BAD_REQUEST"],
    ["too large", `{"payload":"${"x".repeat(1_048_576)}"}`, 413, "PAYLOAD_TOO_LARGE"],
  ])("is refused if its body is %s", async (_, body, status, code) => {
    expect(await refused(await server.post("/topics/t/messages", body))).toEqual({ status, code });
  });

  test("is refused if its topic's name or its question is wrong", async () => {
    for (const path of [`/topics/${"x".repeat(256)}/messages`, "/topics/t/messages?dedupe=perhaps"]) {
      expect(await refused(await server.post(path, { payload: 1 }))).toEqual({ status: 400, code: "BAD_REQUEST" });
    }
  });

  test("begins no topic where only REST may, and none past the limit", async () => {
    await using strict = await ServerProcess.start(["-auto-create-topics=false"]);
    const unknown = await strict.post("/topics/t/messages", { payload: 1 });
    expect(await refused(unknown)).toEqual({ status: 404, code: "TOPIC_NOT_FOUND" });
    await using small = await ServerProcess.start(["-max-topics=1"]);
    await small.post("/topics/one/messages", { payload: 1 });
    const beyond = await small.post("/topics/two/messages", { payload: 1 });
    expect(beyond.headers.get("Retry-After")).toMatch(/^[1-5]$/);
    expect(await refused(beyond)).toEqual({ status: 503, code: "LIMIT_EXCEEDED" });
  });
});

describe("dedupe by HTTP", () => {
  test("answers an id that the topic holds with its first offset, also within one list", async () => {
    using subscriber = await TestClient.connect(server.port);
    await subscriber.subscribe("once");
    await publish("once", { id: "a", payload: 1 }, "?dedupe=true");
    const again = { messages: ["a", "b", "b"].map((id) => ({ id, payload: 2 })) };
    expect((await publish("once", again, "?dedupe=true")).messages).toEqual([
      { id: "a", offset: 1, duplicate: true },
      { id: "b", offset: 2 },
      { id: "b", offset: 2, duplicate: true },
    ]);
    await publish("once", { id: "a", payload: 3 }, "?dedupe=false");
    const events = (await subscriber.settled()).map((event) => event.type === "event" && event.message);
    expect(events).toEqual([
      { id: "a", payload: 1 },
      { id: "b", payload: 2 },
      { id: "a", payload: 3 },
    ]);
  });

  test("knows what came by WebSocket, and the other way round", async () => {
    using client = await TestClient.connect(server.port);
    await client.published("both", "a", 1);
    expect((await publish("both", { id: "a", payload: 2 }, "?dedupe=true")).messages[0]).toMatchObject({ offset: 1 });
    await publish("both", { id: "b", payload: 2 });
    client.publish("both", "b", 3, { dedupe: true });
    expect(await client.expect("ack")).toMatchObject({ offset: 2, duplicate: true });
  });
});
