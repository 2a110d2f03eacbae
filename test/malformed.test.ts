import { describe, expect, test, vi } from "vitest";
import { Bystander } from "./support/bystander.ts";
import { TestClient } from "./support/client.ts";
import { MALFORMED_REQUESTS } from "./support/malformed-requests.ts";
import { ServerProcess } from "./support/server-process.ts";

vi.setConfig({ testTimeout: 30_000, hookTimeout: 30_000 });

describe("malformed requests", () => {
  test(`of ${MALFORMED_REQUESTS.length} kinds get BAD_REQUEST each, with a valid request_id, and others are served`, async () => {
    expect(MALFORMED_REQUESTS.length).toBeGreaterThanOrEqual(100);
    await using server = await ServerProcess.start();
    using bystander = await Bystander.connect(server.port);
    using client = await TestClient.connect(server.port);
    for (const { echo, text } of MALFORMED_REQUESTS) {
      client.send(text);
      const answer: unknown = JSON.parse(await client.nextText());
      const request = text.slice(0, 200);
      const id = echo === null ? {} : { request_id: echo };
      expect({ request, answer }).toEqual({
        request,
        answer: {
          type: "error",
          ...id,
          error: { code: "BAD_REQUEST", message: expect.stringMatching(/./) },
          ts: expect.any(String),
        },
      });
      await bystander.expectService();
    }
    // Each had one answer, and the connection has lived through all of them.
    expect(await client.settled()).toEqual([]);
    expect(await server.stats()).toMatchObject({ internal_errors: 0, total_clients: 2, total_topics: 1 });
  }, 60_000);

  test("in one burst are answered in their order, as many as were sent", async () => {
    await using server = await ServerProcess.start();
    using client = await TestClient.connect(server.port);
    for (const { text } of MALFORMED_REQUESTS) client.send(text);
    const answers = await client.settled();
    expect(answers.map((answer) => (answer.type === "error" ? (answer.request_id ?? null) : answer.type))).toEqual(
      MALFORMED_REQUESTS.map(({ echo }) => echo),
    );
  });

  test("nested a hundred thousand levels deep cost no more than their size", async () => {
    await using server = await ServerProcess.start();
    using client = await TestClient.connect(server.port);
    using bystander = await Bystander.connect(server.port);
    const deep = `{"type":"publish","topic":"t","request_id":"deep","message":{"id":"m","payload":`;
    const texts = ["[", '{"a":'].map((open) => deep + open.repeat(500_000 / open.length));
    texts.push(`${deep}${"[".repeat(250_000)}${"]".repeat(250_000)}}}`);
    for (const text of texts) {
      client.send(text);
      const error = await client.expect("error", 10_000);
      expect(error).toMatchObject({ error: { code: "BAD_REQUEST" } });
      await bystander.expectService();
    }
    expect((await server.stats()).internal_errors).toBe(0);
  }, 60_000);
});
