import { createServer } from "node:http";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import { connectBackend } from "../src/backend/index.ts";
import { absentServer } from "./support/absent-server.ts";
import { TestClient } from "./support/client.ts";
import { ServerProcess } from "./support/server-process.ts";

const KEY = "the-admin-key";
const SECRET = "0123456789abcdef0123456789abcdef";

let server: ServerProcess;
beforeAll(async () => {
  server = await ServerProcess.start([`-api-key=${KEY}`, `-token-secret=${SECRET}`, "-topic-ttl=1h"]);
});
afterAll(() => server.stop());

function backend(options: Parameters<typeof connectBackend>[1] = {}) {
  return connectBackend(server.url, { apiKey: KEY, ...options });
}

/** Fails the first requests in some way, also those that the server has carried out; notes them all. */
function unreliable(fail: (response: Response, tries: number) => Response | undefined) {
  const urls: string[] = [];
  const makeRequest = async (url: string, init: RequestInit) => {
    urls.push(url);
    const response = await fetch(url, init);
    const failure = fail(response, urls.length);
    if (failure === undefined) return response;
    await response.arrayBuffer();
    return failure;
  };
  return { makeRequest, urls };
}

describe("a back end", () => {
  test("publishes one message or several in one piece, and gets their offsets", async () => {
    using client = await TestClient.connect(server.port, { headers: { "X-API-Key": KEY } });
    const { epoch } = await client.subscribe("a/b c");
    const first = await backend().publish("a/b c", { n: 1 }, { id: "m1" });
    expect(first).toEqual({ id: "m1", epoch, offset: 1, duplicate: false });
    const others = await backend().publishAll("a/b c", [{ payload: "two", id: "m2" }, { payload: null }]);
    expect(others.map(({ offset }) => offset)).toEqual([2, 3]);
    await backend().publish("a/b c", '{ "n": 12345678901234567890 }', { raw: true });
    const texts = [await client.nextText(), await client.nextText(), await client.nextText(), await client.nextText()];
    expect(texts.at(-1)).toContain('"payload":{ "n": 12345678901234567890 }');
    expect(await backend().publish("a/b c", 5, { id: "m2", dedupe: true })).toMatchObject({
      offset: 2,
      duplicate: true,
    });
  });

  test.each([502, 503, 504])(
    "publishes once where a proxy answers %d for what the server has taken",
    async (status) => {
      const { makeRequest, urls } = unreliable((_, tries) =>
        tries < 3 ? new Response("<html>", { status }) : undefined,
      );
      const published = await backend({ fetch: makeRequest }).publish(`proxy-${status}`, 1);
      expect(published).toMatchObject({ offset: 1, duplicate: true });
      expect(urls.map((url) => new URL(url).search)).toEqual(["", "?dedupe=true", "?dedupe=true"]);
    },
  );

  test("publishes once where the response is lost", async () => {
    const { makeRequest } = unreliable((_, tries) => {
      if (tries === 1) throw new TypeError("fetch failed");
      return undefined;
    });
    expect(await backend({ fetch: makeRequest }).publish("lost", 1)).toMatchObject({ offset: 1, duplicate: true });
  });

  test("does not retry what a retry can't change", async () => {
    const { makeRequest, urls } = unreliable(() => undefined);
    const refused = backend({ apiKey: "wrong", fetch: makeRequest }).publish("t", 1);
    await expect(refused).rejects.toMatchObject({ name: "RingcastError", code: "UNAUTHORIZED", status: 401 });
    await expect(backend({ fetch: makeRequest }).publish("t".repeat(300), 1)).rejects.toMatchObject({
      code: "BAD_REQUEST",
    });
    expect(urls).toHaveLength(2);
  });

  test.each([undefined, () => 1, 1n])("does not publish %o, which JSON has not", async (payload) => {
    await expect(backend().publish("t", payload)).rejects.toMatchObject({ code: "INVALID_PAYLOAD" });
  });

  test.each(["", ".", ".."])("does not publish to %o, which no URL can contain", async (topic) => {
    await expect(backend().publish(topic, 1)).rejects.toMatchObject({ code: "BAD_REQUEST" });
  });

  test("says that nothing answers, after all tries or all the time", async () => {
    const absent = await absentServer();
    await expect(connectBackend(absent, { maxTries: 2 }).publish("t", 1)).rejects.toMatchObject({
      code: "UNREACHABLE",
      message: expect.stringContaining(absent),
    });
    await expect(connectBackend(absent, { maxTries: 1000, timeoutMs: 300 }).publish("t", 1)).rejects.toMatchObject({
      code: "TIMEOUT",
    });
  });

  test("says that another server answers", async () => {
    const other = createServer((_, response) => response.writeHead(404).end("<h1>404"));
    await new Promise<void>((resolve) => other.listen(0, "127.0.0.1", resolve));
    const { port } = z.object({ port: z.number() }).parse(other.address());
    const published = connectBackend(`http://127.0.0.1:${port}/`).publish("t", 1);
    await expect(published).rejects.toMatchObject({ code: "NOT_RINGCAST", status: 404 });
    other.close();
  });

  test("makes tokens with the secret and by a request; both let their holder in, and no further", async () => {
    const grant = { clientId: "web1", subscribe: ["orders/*"], publish: ["chat"], ttlSec: 60 };
    const tokens = [await backend().signToken(grant), await backend({ tokenSecret: SECRET }).signToken(grant)];
    for (const token of tokens) {
      using client = await TestClient.connect(server.port, { headers: { Authorization: `Bearer ${token}` } });
      await client.subscribe("orders/1", { client_id: "web1" });
      client.send({ type: "subscribe", topic: "others", client_id: "web1", request_id: "s" });
      expect(await client.expect("error")).toMatchObject({ error: { code: "FORBIDDEN" } });
    }
    for (const ttlSec of [0, 86_401, 1.5, Number.NaN]) {
      for (const tokenSecret of [SECRET, undefined]) {
        const signed = backend(tokenSecret === undefined ? {} : { tokenSecret }).signToken({ ...grant, ttlSec });
        await expect(signed).rejects.toMatchObject({ code: "BAD_REQUEST" });
      }
    }
  });

  test("gets the position of a topic, from which a subscriber can resume", async () => {
    const { position } = backend().topic("where");
    expect(await position()).toBeUndefined();
    const { epoch } = await backend().publish("where", 1);
    const before = await position();
    expect(before).toEqual({ epoch, offset: 1 });
    await backend().publish("where", 2);
    using client = await TestClient.connect(server.port, { headers: { "X-API-Key": KEY } });
    await client.subscribe("where", { since: before });
    expect(await client.expect("event")).toMatchObject({ offset: 2 });
  });

  test("may have any number of tries and all the time, but not none", async () => {
    const { offset } = await backend({ maxTries: Infinity, timeoutMs: Infinity }).publish("patient", 1);
    expect(offset).toBe(1);
    for (const options of [{ maxTries: 0 }, { timeoutMs: Number.NaN }, { timeoutMs: -1 }]) {
      expect(() => backend(options)).toThrow(expect.objectContaining({ code: "BAD_REQUEST" }));
    }
  });

  test.each(["", "undefined", "localhost:8080", "ws://localhost:8080", "ftp://localhost"])(
    "is not made for the URL %o",
    (url) => {
      expect(() => connectBackend(url)).toThrow(expect.objectContaining({ code: "BAD_REQUEST" }));
    },
  );
});
