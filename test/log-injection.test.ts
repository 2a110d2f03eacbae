import { describe, expect, test, vi } from "vitest";
import { z } from "zod";
import { TestClient } from "./support/client.ts";
import { within } from "./support/mailbox.ts";
import { RawConnection } from "./support/raw-connection.ts";
import { parseLogLine, RawProcess } from "./support/raw-process.ts";
import { LISTENS } from "./support/server-process.ts";

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

/** What follows the message in a line of text. */
const dataSchema = z.looseObject({ topic: z.string().optional() });

const QUIET = ["-host=127.0.0.1", "-port=0", "-rate-limit-per-min=0", "-allowed-origins=https://a.example"];

// Names that the rules allow, and what a careless log would make of them.
const FORGED = '[2026-01-01T00:00:00.000Z] INFO: forged {"a":1}';
const NAMES = [
  '"}\\n{"level":"error","msg":"forged"}',
  `x\u2028${FORGED}`,
  `x\u2029${FORGED}`,
  `x\u0085${FORGED}`,
  "x\u009b31mred\u009b0m",
  "x\u0090payload\u009c",
  "x\u202egnp.exe",
  "x\u2066\u2067\u2068isolates\u2069",
  "x\u200e\u200f\u061cmarks",
  "\\u000aescaped \\n %0A %s %d %j %o {} $x",
  "__proto__",
  "quotes ' \" ` and \\",
  'end\\","level":"error","forged":"yes',
  "emoji 🎉 and ü",
];
// Bytes above 127 and tabs are legal in headers; the rest of it is what attackers try.
const HEADER_VALUES = ["203.0.113.1\u0085forged", `1.2.3.4\u009b31m`, 'x"}\t{"msg":"forged"}', "é\u0090", FORGED];
/** What no line may hold as it is: control characters, further line ends, changes of direction. */
const RAW_UNSAFE = /[\p{Cc}\u2028\u2029\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/u;

/** Sends all that a client can send of its own words and that a log could show. */
async function sayEverything(port: number): Promise<void> {
  const head = (path: string, headers: string) =>
    `GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n${headers}\r\n`;
  for (const value of HEADER_VALUES) {
    const headers = { "X-Forwarded-For": value, "User-Agent": value, "X-API-Key": value };
    using client = await TestClient.connect(port, { headers });
    await client.close();
  }
  // Refused for their origin, each from an address of its own so that each has a line.
  for (const [i, Origin] of HEADER_VALUES.entries()) {
    const headers = { "X-Forwarded-For": `192.0.2.${i}`, Origin };
    await expect(TestClient.connect(port, { headers })).rejects.toMatchObject({ status: 403 });
  }
  for (const path of [
    "/topics/%0aforged%0d%0a",
    "/topics/%e2%80%a8forged",
    "/%c2%85forged",
    "/topics/%1b[31m",
    "/%ff",
  ]) {
    using connection = await RawConnection.open(port);
    connection.send(head(path, "X-Forwarded-For: a, b\u0085c\r\n"));
    await connection.until("\r\n\r\n");
    await within(connection.closed, "the close", 20_000);
  }
  using client = await TestClient.connect(port);
  for (const name of NAMES) {
    client.send({ type: "subscribe", topic: name, client_id: name, request_id: name });
    client.publish(name, name, name);
    client.send({ type: name, topic: name });
    client.send({ type: "unsubscribe", topic: name, client_id: `${name}x`, request_id: name });
  }
  await client.settled();
  const reason = Buffer.from(`\u009b31m\u2028${FORGED}`).subarray(0, 123);
  client.sendFrame({ opcode: 8, payload: Buffer.concat([Buffer.from([3, 232]), reason]) });
  await within(client.closed, "the close");
}

describe("what clients send", () => {
  test("neither forges nor breaks a line of the JSON log", async () => {
    await using server = new RawProcess([...QUIET, "-log-format=json", "-log-level=debug", "-trust-proxy"]);
    await sayEverything((await server.listening()).port);
    expect(await server.stop()).toEqual({ code: 0, stderr: "" });
    const topics: unknown[] = [];
    const origins: unknown[] = [];
    for (const line of server.lines) {
      expect(line).not.toMatch(RAW_UNSAFE);
      const parsed = parseLogLine(line);
      if (parsed.msg === "request refused") origins.push(parsed["origin"]);
      expect(parsed.msg).not.toContain("forged");
      if (parsed.msg === "topic created") topics.push(parsed["topic"]);
    }
    // Escaped, not mangled: a reader of the JSON gets the name that was sent.
    expect(topics).toEqual(NAMES);
    // Node.js reads headers as Latin-1.
    expect(origins).toEqual(HEADER_VALUES.map((value) => Buffer.from(value).toString("latin1")));
  });

  test("neither forges nor breaks a line of the text log", async () => {
    await using server = new RawProcess([...QUIET, "-log-format=text", "-log-level=debug", "-trust-proxy"]);
    await sayEverything((await server.listening()).port);
    expect(await server.stop()).toEqual({ code: 0, stderr: "" });
    const messages = new Set<string>();
    const topics: unknown[] = [];
    for (const line of server.lines) {
      expect(line).not.toMatch(RAW_UNSAFE);
      const [, message, data] =
        /^\[\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z\] (?:DEBUG|INFO|WARN|ERROR): ([^{]+?)(?: (\{.*\}))?$/.exec(line) ??
        [];
      expect({ line, message }).toEqual({ line, message: expect.any(String) });
      messages.add(message ?? "");
      const { topic } = dataSchema.parse(JSON.parse(data ?? "{}"));
      if (message === "topic created") topics.push(topic);
    }
    expect([...messages].sort()).toEqual([
      expect.stringMatching(LISTENS),
      "client connected",
      "client disconnected",
      "configuration",
      "history limit",
      "request",
      "request refused",
      "shutdown complete",
      "shutting down",
      "signal received",
      "topic created",
      "topic removed",
    ]);
    expect(topics).toEqual(NAMES);
  });

  test("makes no line as long as itself: an address is cut", async () => {
    await using server = new RawProcess([...QUIET, "-log-format=json", "-trust-proxy"]);
    const { port } = await server.listening();
    using _client = await TestClient.connect(port, { headers: { "X-Forwarded-For": "a".repeat(8000) } });
    expect((await server.nextLine("client connected")).length).toBeLessThan(300);
  });
});
