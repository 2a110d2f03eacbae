import { describe, expect, test, vi } from "vitest";
import { z } from "zod";
import { TestClient } from "./support/client.ts";
import { rawRequest } from "./support/raw-request.ts";
import { ServerProcess } from "./support/server-process.ts";

vi.setConfig({ testTimeout: 30_000, hookTimeout: 30_000 });

// Names are text, on the WebSocket, in bodies and percent-encoded in a path: each of these is a plain name.

const statsSchema = z.object({ topics: z.custom<object>() });

const NAMES = [
  "orders",
  "a/b",
  "/",
  "a//b/../c",
  "...",
  "with spaces ",
  "__proto__",
  "constructor",
  "hasOwnProperty",
  "%41",
  "%",
  "%2F",
  "100%zz",
  "a+b&c=d?e#f",
  "quote\" back\\slash 'n' <tag>",
  "emoji 😀 ☃ ä",
  "عربى",
  "\u00a0\u2028",
  "1",
  "x".repeat(255),
  "ä".repeat(127),
];

/** What no URL can carry: its parser takes them for steps in the path, even encoded. */
const STEPS = [".", ".."];

/** Names that are none. */
const INVALID = ["", "x".repeat(256), "ä".repeat(128), "line\nbreak", "\u0000", "del\u007f", "\u001f"];

describe("a topic's name", () => {
  test("may be any text without control characters, through every way that names it", async () => {
    await using server = await ServerProcess.start();
    using client = await TestClient.connect(server.port);
    // With it every name has a bystander that a mix-up would hit.
    using other = await TestClient.connect(server.port);
    await other.subscribe("A");
    for (const name of NAMES) {
      const created = await server.post("/topics", { name });
      expect({ name, status: created.status, body: await created.json() }).toEqual({
        name,
        status: 201,
        body: { status: "created", topic: name },
      });
      expect(await client.subscribe(name)).toMatchObject({ topic: name });
      client.publish(name, "m", name);
      expect((await client.settled()).map((message) => ("topic" in message ? message.topic : ""))).toEqual([
        name,
        name,
      ]);
      const list = await (await server.fetch("/topics")).json();
      expect(list).toMatchObject({ topics: [{ name: "A" }, { name, message_count: 1, subscriber_count: 1 }] });
      const { topics } = statsSchema.parse(await (await server.fetch("/stats")).json());
      // `__proto__` too is a key of its own.
      expect(new Map(Object.entries(topics)).get(name)).toMatchObject({ name });
      client.send({ type: "unsubscribe", topic: name, client_id: "c1" });
      expect(await client.expect("ack")).toMatchObject({ topic: name });
      await server.post("/topics", { name });
      const deleted = await server.fetch(`/topics/${encodeURIComponent(name)}`, { method: "DELETE" });
      expect({ name, status: deleted.status, body: await deleted.json() }).toEqual({
        name,
        status: 200,
        body: { status: "deleted", topic: name },
      });
      expect((await server.stats()).total_topics).toBe(1);
    }
    expect(await other.settled()).toEqual([]);
  });

  test("is decoded once: DELETE /topics/%2541 deletes the topic %41 and not the topic A", async () => {
    await using server = await ServerProcess.start();
    await server.post("/topics", { name: "A" });
    await server.post("/topics", { name: "%41" });
    const deleted = await rawRequest(server.port, "DELETE /topics/%2541 HTTP/1.1\r\nHost: x\r\n\r\n");
    expect(JSON.parse(deleted.body)).toEqual({ status: "deleted", topic: "%41" });
    const second = await rawRequest(server.port, "DELETE /topics/%41 HTTP/1.1\r\nHost: x\r\n\r\n");
    expect(JSON.parse(second.body)).toEqual({ status: "deleted", topic: "A" });
    expect((await server.stats()).total_topics).toBe(0);
  });

  test("in a path whose percent-encoding is malformed or not UTF-8 is 400 BAD_REQUEST", async () => {
    await using server = await ServerProcess.start();
    for (const path of ["%zz", "%", "a%2", "%ff", "%c3", "%ed%a0%80", "a%00b", "%0a", "%7f", "x".repeat(256)]) {
      const answer = await rawRequest(server.port, `DELETE /topics/${path} HTTP/1.1\r\nHost: x\r\n\r\n`);
      const code: unknown = JSON.parse(answer.body);
      expect({ path, status: answer.status, code }).toMatchObject({
        path,
        status: 400,
        code: { error: { code: "BAD_REQUEST" } },
      });
    }
    expect((await server.stats()).internal_errors).toBe(0);
  });

  test("that breaks a rule is BAD_REQUEST, in POST /topics as on the WebSocket", async () => {
    await using server = await ServerProcess.start();
    using client = await TestClient.connect(server.port);
    for (const name of [
      ...[...INVALID, ...STEPS].map((text) => JSON.stringify(text)),
      '"\\ud800"',
      "5",
      "null",
      "{}",
      "[]",
    ]) {
      const answer = await server.post("/topics", `{"name":${name}}`);
      expect({ name, status: answer.status }).toEqual({ name, status: 400 });
      expect(await answer.json()).toMatchObject({ error: { code: "BAD_REQUEST" } });
      client.send(`{"type":"subscribe","client_id":"c1","topic":${name}}`);
      expect(await client.expect("error")).toMatchObject({ error: { code: "BAD_REQUEST" } });
      client.send(`{"type":"publish","message":{"id":"m","payload":1},"topic":${name}}`);
      expect(await client.expect("error")).toMatchObject({ error: { code: "BAD_REQUEST" } });
      client.send(`{"type":"unsubscribe","client_id":"c1","topic":${name}}`);
      expect(await client.expect("error")).toMatchObject({ error: { code: "BAD_REQUEST" } });
    }
    for (const name of STEPS) {
      const stream = await server.fetch(`/events?topic=${name}`);
      expect({ name, status: stream.status }).toEqual({ name, status: 400 });
    }
    expect((await server.stats()).total_topics).toBe(0);
  });
});

describe("a client's and a message's id", () => {
  test("may be any text that a topic's name may be, and no other", async () => {
    await using server = await ServerProcess.start();
    using client = await TestClient.connect(server.port);
    for (const name of [...NAMES, ...STEPS]) {
      await client.subscribe("t", { client_id: name });
      client.publish("t", name, 1);
      const messages = await client.settled();
      expect(messages).toContainEqual(expect.objectContaining({ type: "event", message: { id: name, payload: 1 } }));
      client.send({ type: "unsubscribe", topic: "t", client_id: name });
      await client.expect("ack");
    }
    for (const name of INVALID) {
      client.send({ type: "subscribe", topic: "t", client_id: name });
      expect(await client.expect("error")).toMatchObject({ error: { code: "BAD_REQUEST" } });
      client.publish("t", name, 1);
      expect(await client.expect("error")).toMatchObject({ error: { code: "BAD_REQUEST" } });
    }
  });
});
