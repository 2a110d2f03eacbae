import { rmSync } from "node:fs";
import { describe, expect, test, vi } from "vitest";
import { z } from "zod";
import { TestClient } from "./support/client.ts";
import { within } from "./support/mailbox.ts";
import { type LogLine, runToEnd, ServerProcess } from "./support/server-process.ts";
import { TemporaryFile } from "./support/temporary-file.ts";

vi.setConfig({ testTimeout: 30_000, hookTimeout: 30_000 });

const LOADED = "API keys loaded";
const NOT_LOADED = "API keys not loaded, keeping the previous ones";

function bearer(key: string): Record<string, string> {
  return { Authorization: `Bearer ${key}` };
}

function connect(server: ServerProcess, key: string): Promise<TestClient> {
  return TestClient.connect(server.port, { headers: bearer(key) });
}

async function statusWith(server: ServerProcess, key: string, path = "/stats"): Promise<number> {
  return (await server.fetch(path, { headers: bearer(key) })).status;
}

/** Has the server read its files anew; resolves with the log line that says what came of it. */
function reload(server: ServerProcess, message: string): Promise<LogLine> {
  const line = server.nextLog(message);
  process.kill(server.pid, "SIGHUP");
  return line;
}

describe("several keys", () => {
  test("of flags and of the file are all good, each for what its role allows", async () => {
    using file = new TemporaryFile("keys", "of-file publish key-of-file\n");
    const flags = ["-api-key=first", "-api-key=second:subscribe:key-of-flag", `-api-keys-file=${file.path}`];
    await using server = await ServerProcess.start(flags);
    expect(await statusWith(server, "first")).toBe(200);
    expect(await statusWith(server, "key-of-flag")).toBe(403);
    expect(await statusWith(server, "key-of-file")).toBe(403);
    expect(await statusWith(server, "second:subscribe:key-of-flag")).toBe(401);
    using publisher = await connect(server, "key-of-file");
    using subscriber = await connect(server, "key-of-flag");
    await subscriber.subscribe("t");
    await publisher.published("t", "m", 1);
    expect(await subscriber.expect("event")).toMatchObject({ topic: "t" });
  });

  test("come from the variable, with spaces between", async () => {
    await using server = await ServerProcess.start([], { environment: { API_KEY: "a:admin:k1 b:publish:k2" } });
    expect(await statusWith(server, "k1")).toBe(200);
    expect(await statusWith(server, "k2")).toBe(403);
  });

  test("are known in the log and the statistics by their names, and never stand there themselves", async () => {
    using file = new TemporaryFile("keys", "of-file publish SECRET-of-file\n");
    const flags = ["-api-key=SECRET-first", "-api-key=view:subscribe:SECRET-view", `-api-keys-file=${file.path}`];
    await using server = await ServerProcess.start([...flags, "-log-level=debug"]);
    using one = await connect(server, "SECRET-view");
    using other = await connect(server, "SECRET-view");
    await one.subscribe("t");
    await other.settled();
    await reload(server, LOADED);
    const answer = await server.fetch("/stats", { headers: bearer("SECRET-first") });
    const text = await answer.text();
    expect(z.looseObject({ api_keys: z.unknown() }).parse(JSON.parse(text)).api_keys).toEqual([
      { name: "api-key", role: "admin", connections: 0, requests: 1 },
      // An upgrade and a message each.
      { name: "view", role: "subscribe", connections: 2, requests: 4 },
      { name: "of-file", role: "publish", connections: 0, requests: 0 },
    ]);
    await other.close();
    const later = z
      .looseObject({ api_keys: z.array(z.looseObject({ connections: z.number() })) })
      .parse(await (await server.fetch("/stats", { headers: bearer("SECRET-first") })).json());
    expect(later.api_keys.map(({ connections }) => connections)).toEqual([0, 1, 0]);
    const log = JSON.stringify(server.log);
    expect(server.log.find((line) => line.msg === "client connected" && line["as"] === "view")).toBeDefined();
    expect(log).not.toContain("SECRET");
    expect(text).not.toContain("SECRET");
  });
});

describe("-api-keys-file", () => {
  test.each<[string, string, string]>([
    ["a line that lacks something", "ops admin k1\n\nfeed s3cret\n", "line 3 is not a name, a role and a key"],
    ["an unknown role", "feed pubish s3cret\n", "line 1 has a role that is none of admin, publish, subscribe"],
    ["a name twice", "a admin k\nb publish l\na publish s3cret\n", "line 3 has the name of line 1"],
    ["a key twice", "a admin s3cret\nb publish s3cret\n", "line 2 has the key of line 1"],
    ["no key at all", "# s3cret\n", "holds no key"],
  ])("with %s ends the program with exit code 2 and one line that shows no key", async (_what, text, reason) => {
    using file = new TemporaryFile("keys", text);
    const { code, stderr, stdout } = await runToEnd(["-port=0", "-host=127.0.0.1"], { API_KEYS_FILE: file.path });
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toMatch(/^ringcast: [\x20-\x7e]+\n$/);
    expect(stderr).toContain(file.path);
    expect(stderr).toContain(reason);
    expect(stderr).not.toContain("s3cret");
  });

  test("that is not there, or has what -api-key has, ends the program with exit code 2", async () => {
    using file = new TemporaryFile("keys", "api-key publish s3cret\n");
    const ended = async (flags: readonly string[]) => await runToEnd(["-port=0", "-host=127.0.0.1", ...flags]);
    expect(await ended([`-api-keys-file=${file.path}.none`])).toMatchObject({ code: 2, stdout: "" });
    const clash = await ended(["-api-key=k", `-api-keys-file=${file.path}`]);
    expect(clash).toMatchObject({ code: 2, stderr: expect.stringContaining("must not give the name api-key to two") });
  });

  test("is looked for in the caller's folder", async () => {
    using file = new TemporaryFile("keys", "a admin of-this-folder\n");
    await using server = await ServerProcess.start(["-api-keys-file=keys"], { cwd: file.folder });
    expect(await statusWith(server, "of-this-folder")).toBe(200);
  });
});

describe("SIGHUP", () => {
  test("brings new keys, and closes the connections of those that are gone with 4401", async () => {
    using file = new TemporaryFile("keys", "a admin key-a\nb subscribe key-b\nc subscribe key-c\n");
    await using server = await ServerProcess.start([`-api-keys-file=${file.path}`]);
    using gone = await connect(server, "key-b");
    using stays = await connect(server, "key-c");
    using admin = await connect(server, "key-a");
    await stays.subscribe("t");
    await gone.subscribe("t");
    // The same name with another key is another key; the same key under another name is the same.
    file.write("a admin key-a\nb subscribe key-B\nrenamed subscribe key-c\nd publish key-d\n");
    expect(await reload(server, LOADED)).toMatchObject({ keys: 4 });
    expect(await gone.closed).toEqual({ code: 4401, reason: "the API key or the token is no longer valid" });
    expect(await statusWith(server, "key-b")).toBe(401);
    expect(await statusWith(server, "key-B")).toBe(403);
    expect(await statusWith(server, "key-d")).toBe(403);
    await admin.published("t", "m", 1);
    expect(await stays.expect("event")).toMatchObject({ topic: "t" });
    const stats = await (await server.fetch("/stats", { headers: bearer("key-a") })).text();
    expect(stats).toContain('{"name":"renamed","role":"subscribe","connections":1');
  });

  test("ends the event streams of a key that is gone", async () => {
    using file = new TemporaryFile("keys", "a admin key-a\nb subscribe key-b\n");
    await using server = await ServerProcess.start([`-api-keys-file=${file.path}`]);
    const stream = await server.fetch("/topics/t/events", { headers: bearer("key-b") });
    expect(stream.status).toBe(200);
    file.write("a admin key-a\n");
    await reload(server, LOADED);
    expect(await within(stream.text(), "the stream's end")).toMatch(/^event: close\n.*"code":4401/m);
  });

  test("gives an open connection its key's new role at once", async () => {
    using file = new TemporaryFile("keys", "a admin key-a\nb publish key-b\n");
    await using server = await ServerProcess.start([`-api-keys-file=${file.path}`]);
    using client = await connect(server, "key-b");
    await client.published("t", "m", 1);
    file.write("a admin key-a\nb subscribe key-b\n");
    await reload(server, LOADED);
    client.publish("t", "m", 1);
    expect(await client.expect("error")).toMatchObject({ error: { code: "FORBIDDEN" } });
    await client.subscribe("t");
    // What it may no longer have does not go on either.
    file.write("a admin key-a\nb publish key-b\n");
    await reload(server, LOADED);
    expect(await client.closed).toEqual({ code: 4401, reason: "the API key no longer allows the subscriptions" });
  });

  test("leaves the old keys in force where the file is wrong, empty or gone, and says why without showing a key", async () => {
    using file = new TemporaryFile("keys", "a admin key-a\n");
    await using server = await ServerProcess.start([`-api-keys-file=${file.path}`]);
    using client = await connect(server, "key-a");
    for (const [text, reason] of [
      ["a admin s3cret\nb nothing s3cret-2\n", "line 2"],
      ["", "holds no key"],
    ] as const) {
      file.write(text);
      expect(await reload(server, NOT_LOADED)).toMatchObject({ level: "error", why: expect.stringContaining(reason) });
      expect(await statusWith(server, "key-a")).toBe(200);
      expect(await statusWith(server, "s3cret")).toBe(401);
    }
    rmSync(file.path);
    await reload(server, NOT_LOADED);
    await client.settled();
    expect(await statusWith(server, "key-a")).toBe(200);
    expect(JSON.stringify(server.log)).not.toContain("s3cret");
  });

  test("with nothing to read anew does nothing but say so", async () => {
    await using server = await ServerProcess.start(["-api-key=k"]);
    using client = await connect(server, "k");
    expect(await reload(server, "signal received")).toMatchObject({ signal: "SIGHUP" });
    await client.settled();
    expect(await statusWith(server, "k")).toBe(200);
  });
});

describe("tokens that follow from a key", () => {
  const tokenSchema = z.looseObject({ token: z.string() });

  async function makeToken(server: ServerProcess, key: string): Promise<string> {
    const answer = await server.post("/tokens", { client_id: "c1", subscribe: ["*"] }, bearer(key));
    return tokenSchema.parse(await answer.json()).token;
  }

  test("end with the first admin key, those that are connected too; other changes leave them", async () => {
    using file = new TemporaryFile("keys", "p publish key-p\na admin key-a\nb admin key-b\n");
    await using server = await ServerProcess.start([`-api-keys-file=${file.path}`]);
    await using alone = await ServerProcess.start(["-api-key=key-a"]);
    const token = await makeToken(server, "key-b");
    // As with one key alone, so that a second one ends no tokens.
    expect(await statusWith(alone, token)).toBe(403);
    using client = await connect(server, token);
    file.write("q publish key-q\na admin key-a\nc admin key-c\n");
    await reload(server, LOADED);
    await client.settled();
    expect(await statusWith(server, token)).toBe(403);
    file.write("c admin key-c\na admin key-a\n");
    await reload(server, LOADED);
    expect(await client.closed).toMatchObject({ code: 4401 });
    expect(await statusWith(server, token)).toBe(401);
    expect(await statusWith(server, await makeToken(server, "key-a"))).toBe(403);
  });

  test("stay with a secret of their own, whatever becomes of the keys", async () => {
    using file = new TemporaryFile("keys", "a admin key-a\n");
    const secret = "-token-secret=a-secret-of-at-least-thirty-two-characters";
    await using server = await ServerProcess.start([`-api-keys-file=${file.path}`, secret]);
    const token = await makeToken(server, "key-a");
    file.write("b admin key-b\n");
    await reload(server, LOADED);
    expect(await statusWith(server, token)).toBe(403);
  });
});
