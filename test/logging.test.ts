import { networkInterfaces } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, test, vi } from "vitest";
import packageJson from "../package.json" with { type: "json" };
import { CERTIFICATES } from "./support/certificates.ts";
import { TestClient } from "./support/client.ts";
import { encodeFrame, OPCODE } from "./support/frames.ts";
import { parseLogLine, RawProcess } from "./support/raw-process.ts";
import { ServerProcess } from "./support/server-process.ts";

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

const HAS_IPV6 = Object.values(networkInterfaces()).some((all) => all?.some(({ address }) => address === "::1"));
const QUIET = ["-host=127.0.0.1", "-port=0"];
const WARNING = "no API key is set and the server listens beyond loopback";

/** What a client does that leaves traces in the log, at every level below warn. */
async function leaveTraces(port: number): Promise<void> {
  using client = await TestClient.connect(port);
  await client.subscribe("traced");
  await client.published("own", "m", 0);
  await client.close();
}

describe("-log-format", () => {
  test("of json makes every line an object with level, time and message", async () => {
    await using server = new RawProcess([...QUIET, "-log-format=json", "-log-level=debug"]);
    await leaveTraces((await server.listening()).port);
    await server.nextLine("client disconnected");
    expect(await server.stop()).toEqual({ code: 0, stderr: "" });
    expect(server.lines.length).toBeGreaterThan(8);
    for (const line of server.lines) {
      const { level, time } = parseLogLine(line);
      expect(["debug", "info", "warn", "error"]).toContain(level);
      expect(new Date(time).toISOString()).toBe(time);
    }
  });

  test("of text, the default, makes every line begin with time and level, and hold no colour", async () => {
    for (const flags of [QUIET, [...QUIET, "-log-format=text", "-log-level=debug"]]) {
      await using server = new RawProcess(flags);
      await leaveTraces((await server.listening()).port);
      await server.nextLine("client disconnected");
      await server.stop();
      expect(server.lines.length).toBeGreaterThan(6);
      for (const line of server.lines) {
        expect(line).toMatch(/^\[\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z\] (DEBUG|INFO|WARN|ERROR): [\x20-\x7e]+$/);
      }
    }
  });
});

describe("-log-level", () => {
  /** The messages that a server logs at a level, from its start, which at warn is the warning, to its end. */
  async function messagesAt(level: "debug" | "info" | "warn"): Promise<string[]> {
    await using server = new RawProcess(["-port=0", `-log-level=${level}`, "-log-format=json"]);
    if (level === "warn") {
      await server.nextLine(WARNING);
    } else {
      await leaveTraces((await server.listening()).port);
      await server.nextLine("client disconnected");
    }
    await server.stop();
    return server.lines.map((line) => parseLogLine(line)).map((line) => `${line.level} ${line.msg}`);
  }

  test("of debug shows every request", async () => {
    const messages = await messagesAt("debug");
    expect(messages.filter((message) => message === "debug request")).toHaveLength(2);
    expect(messages).toContain("info client connected");
  });

  test("of info, the default, shows connections and topics, not requests", async () => {
    const messages = await messagesAt("info");
    expect(messages[0]).toMatch(/^info Ringcast \S+ listens: /);
    for (const message of ["client connected", "topic created", "client disconnected"]) {
      expect(messages).toContain(`info ${message}`);
    }
    expect(messages.filter((message) => message.startsWith("debug"))).toEqual([]);
  });

  test("of warn shows warnings, but neither the start nor the end", async () => {
    const messages = await messagesAt("warn");
    expect(messages).toHaveLength(1);
    expect(messages[0]?.startsWith(`warn ${WARNING}`)).toBe(true);
  });

  test("of warn hides connections and topics", async () => {
    const { port, server } = await silentServer("warn", "-host=127.0.0.1");
    await leaveTraces(port);
    await server.stop();
    expect(server.lines).toEqual([]);
  });

  test("of error shows not even warnings", async () => {
    const { port, server } = await silentServer("error");
    await leaveTraces(port);
    await server.stop();
    expect(server.lines).toEqual([]);
  });

  test("of debug names type, topic and session of a request, but not its payload", async () => {
    await using server = await ServerProcess.start(["-log-level=debug"]);
    using client = await TestClient.connect(server.port);
    const logged = server.nextLog("request");
    await client.published("orders", "m1", "card number 4111");
    expect(await logged).toMatchObject({ level: "debug", type: "publish", topic: "orders", session: 1 });
    expect(JSON.stringify(server.log)).not.toContain("4111");
  });
});

/** A server that has nothing to log: its port must be known beforehand, and an answer tells that it is there. */
async function silentServer(level: string, ...flags: string[]): Promise<{ port: number; server: RawProcess }> {
  await using finder = new RawProcess(QUIET);
  const { port } = await finder.listening();
  await finder.stop();
  const server = new RawProcess([`-port=${port}`, `-log-level=${level}`, ...flags]);
  while (!(await answers(port))) await sleep(20);
  return { port, server };
}

async function answers(port: number): Promise<boolean> {
  try {
    return (await fetch(`http://127.0.0.1:${port}/health`)).ok;
  } catch {
    return false;
  }
}

describe("the log", () => {
  test("begins with one line that has the URLs of the WebSocket, the console and the API", async () => {
    for (const [flags, root] of [
      [["-host=127.0.0.1"], "127.0.0.1"],
      [["-host=localhost"], "localhost"],
      [["-host="], "localhost"],
      [["-host=0.0.0.0", "-api-key=k"], "localhost"],
      ...(HAS_IPV6 ? ([[["-host=::1"], "[::1]"]] as const) : []),
    ] as const) {
      await using server = await ServerProcess.start(flags);
      const { port } = server;
      const at = `${root}:${port}`;
      const urls = `WebSocket ws://${at}/ws, console http://${at}/console, API http://${at}/docs`;
      const { time: _, ...line } = server.log[0] ?? {};
      const { version } = packageJson;
      expect(line).toEqual({ level: "info", msg: `Ringcast ${version} listens: ${urls}`, version, port });
      for (const path of ["console", "docs"]) expect((await fetch(`http://${at}/${path}`)).status).toBe(200);
    }
  });

  test("begins with https and wss where the server speaks TLS", async () => {
    const { certFile, keyFile } = CERTIFICATES.first;
    await using server = new RawProcess([...QUIET, `-tls-cert=${certFile}`, `-tls-key=${keyFile}`]);
    const { port } = await server.listening();
    const at = `127.0.0.1:${port}`;
    expect(server.lines[0]?.replace(/^\S+ INFO: Ringcast \S+ /, "")).toBe(
      `listens: WebSocket wss://${at}/ws, console https://${at}/console, API https://${at}/docs`,
    );
  });

  test("has the configuration at the level of debug alone, secrets masked", async () => {
    const flags = ["-api-key=top-SECRET", "-token-secret=top-SECRET-of-at-least-32-characters", "-max-queue-size=7"];
    await using server = await ServerProcess.start([...flags, "-log-level=debug"]);
    const line = server.log.find(({ msg }) => msg === "configuration") ?? (await server.nextLog("configuration"));
    expect(line).toMatchObject({
      level: "debug",
      config: { "api-key": "***", "token-secret": "***", "max-queue-size": 7, port: 0, "write-wait": "10s" },
    });
    await server.fetch("/stats", { headers: { "X-API-Key": "top-SECRET" } });
    using _client = await TestClient.connect(server.port, { headers: { "X-API-Key": "top-SECRET" } });
    await server.stop();
    expect(JSON.stringify(server.log)).not.toContain("top-SECRET");
  });

  test("has the bound of the histories at the level of debug alone", async () => {
    const boundsWith = async (...flags: string[]) => {
      await using server = await ServerProcess.start(flags);
      const { max_history_bytes: bound } = await server.stats();
      await server.stop();
      const lines = server.log.filter(({ msg }) => msg === "history limit");
      return { bound, logged: lines.map(({ level, maxHistoryBytes }) => [level, maxHistoryBytes]) };
    };
    expect(await boundsWith("-log-level=debug", "-max-history-bytes=12345")).toMatchObject({
      logged: [["debug", 12345]],
    });
    const { bound, logged } = await boundsWith("-log-level=debug");
    expect(logged).toEqual([["debug", bound]]);
    expect((await boundsWith()).logged).toEqual([]);
  });

  test("warns once of a server without a key beyond loopback, and not on loopback or with a key", async () => {
    const warningsWith = async (...flags: string[]) => {
      await using server = new RawProcess([...flags, "-port=0"]);
      await leaveTraces((await server.listening()).port);
      await server.stop();
      return server.lines.filter((line) => line.includes(WARNING)).length;
    };
    expect(await warningsWith()).toBe(1);
    expect(await warningsWith("-host=0.0.0.0")).toBe(1);
    expect(await warningsWith("-host=127.0.0.1")).toBe(0);
    expect(await warningsWith("-host=localhost")).toBe(0);
  });

  test("does not warn where there is a key", async () => {
    await using server = new RawProcess(["-port=0", "-api-key=k"]);
    await server.listening();
    await server.stop();
    expect(server.lines.join("\n")).not.toContain(WARNING);
  });

  test("tells of a client's coming and going: address, code, reason, duration, counts", async () => {
    await using server = await ServerProcess.start();
    const connected = server.nextLog("client connected");
    using client = await TestClient.connect(server.port);
    expect(await connected).toMatchObject({ level: "info", session: 1, address: "127.0.0.1" });
    await client.subscribe("a");
    await client.subscribe("b");
    await client.settled();
    const disconnected = server.nextLog("client disconnected");
    client.sendFrame({ opcode: OPCODE.CLOSE, payload: Buffer.concat([Buffer.from([3, 232]), Buffer.from("done")]) });
    const line = await disconnected;
    expect(line).toMatchObject({
      level: "info",
      session: 1,
      code: 1000,
      reason: "done",
      requests: 3,
      subscriptions: 2,
    });
    expect(line["durationMs"]).toEqual(expect.any(Number));
  });

  test("tells of a client that vanished, and of one that broke the protocol", async () => {
    await using server = await ServerProcess.start();
    const vanished = server.nextLog("client disconnected");
    const first = await TestClient.connect(server.port);
    first[Symbol.dispose]();
    expect(await vanished).toMatchObject({ code: 1006 });
    const broken = server.nextLog("client disconnected");
    using second = await TestClient.connect(server.port);
    second.sendFrame({ opcode: OPCODE.TEXT, payload: "{}", masked: false });
    expect(await broken).toMatchObject({ level: "info", session: 2, reason: expect.any(String) });
  });

  test("tells how topics came and why they went", async () => {
    await using server = await ServerProcess.start(["-idle-topic-ttl=100ms"]);
    using client = await TestClient.connect(server.port);
    const logged = async (message: string, action: () => Promise<unknown>) => {
      const line = server.nextLog(message);
      await action();
      return line;
    };
    expect(await logged("topic created", () => server.post("/topics", { name: "rest" }))).toMatchObject({
      level: "info",
      topic: "rest",
      origin: "request",
    });
    expect(await logged("topic removed", () => server.fetch("/topics/rest", { method: "DELETE" }))).toMatchObject({
      topic: "rest",
      why: "deleted",
    });
    expect(await logged("topic created", () => client.subscribe("sub"))).toMatchObject({ origin: "subscribe" });
    client.publish("sub", "m", 0);
    await client.settled();
    const unsubscribe = async () => client.send({ type: "unsubscribe", topic: "sub", client_id: "c1" });
    expect(await logged("topic removed", unsubscribe)).toMatchObject({
      topic: "sub",
      why: "last subscriber left",
      messages: 1,
    });
    const expired = logged("topic removed", () => client.settled());
    const publish = async () => client.publish("pub", "m", 0);
    expect(await logged("topic created", publish)).toMatchObject({ origin: "publish" });
    expect(await expired).toMatchObject({ topic: "pub", why: "expired" });
  });

  test("tells of slow consumers, and sums drops up instead of a line for each", async () => {
    await using server = await ServerProcess.start(["-max-queue-size=200", "-write-wait=3s"]);
    using stalled = await TestClient.connect(server.port);
    using publisher = await TestClient.connect(server.port);
    await stalled.subscribe("t");
    stalled.pause();
    const slow = server.nextLog("slow consumer");
    while ((await server.stats()).dropped_messages < 100) {
      for (let i = 0; i < 20; i++) await publisher.published("t", "m", "x".repeat(64 * 1024));
    }
    expect(await slow).toMatchObject({ level: "warn", session: 1, why: expect.any(String) });
    const { dropped_messages } = await server.stats();
    await server.stop();
    const sums = server.log.filter((line) => line.msg === "messages dropped");
    expect(sums[0]).toMatchObject({ level: "warn", sessions: 1 });
    // Some drops share a line, no drop is missing.
    expect(sums.length).toBeLessThan(dropped_messages / 2);
    expect(sums.reduce((sum, line) => sum + Number(line["messages"]), 0)).toBe(dropped_messages);
  });

  test("follows a shutdown", async () => {
    await using server = await ServerProcess.start();
    using client = await TestClient.connect(server.port);
    await client.settled();
    await server.stop("SIGTERM");
    const from = server.log.findIndex((line) => line.msg === "signal received");
    expect(server.log.slice(from)).toMatchObject([
      { level: "info", msg: "signal received", signal: "SIGTERM" },
      { level: "info", msg: "shutting down", clients: 1 },
      { level: "info", msg: "client disconnected", code: 1001 },
      { level: "info", msg: "shutdown complete", flushed: 1, cutOff: 0 },
    ]);
  });

  test("has no line for a message at the level of info", async () => {
    await using server = await ServerProcess.start();
    using client = await TestClient.connect(server.port);
    const created = server.nextLog("topic created");
    await client.published("t", "first", 0);
    await created;
    const before = server.log.length;
    const frame = encodeFrame({
      opcode: OPCODE.TEXT,
      payload: '{"type":"publish","topic":"t","message":{"id":"m","payload":0}}',
    });
    client.sendBytes(Buffer.concat(Array.from({ length: 200 }, () => frame)));
    client.send({ type: "subscribe", topic: "t", client_id: "c" });
    client.send("broken");
    await client.settled();
    await server.stop();
    expect(server.log.slice(before).filter(({ msg }) => !/signal|shut|client disc|topic removed/.test(msg))).toEqual(
      [],
    );
  });
});
