import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { z } from "zod";
import { Child } from "./support/child.ts";
import { PipedRun, runCli, TerminalRun } from "./support/cli-process.ts";
import { ringcast } from "./support/command.ts";
import { LoopbackServer } from "./support/loopback-server.ts";
import { runToEnd, ServerProcess } from "./support/server-process.ts";

vi.setConfig({ testTimeout: 30_000, hookTimeout: 30_000 });

const RAW = '{"n":12345678901234567890,"d":1.50}';
const ESCAPE = "\u001b";

let server: ServerProcess;
let url: string;
beforeAll(async () => {
  server = await ServerProcess.start(["-topic-ttl=1h"]);
  url = server.url;
});
afterAll(() => server.stop());

async function untilSubscribed(topic: string): Promise<void> {
  while ((await server.stats()).topics[topic]?.subscriber_count !== 1) await sleep(5);
}

describe("pub and sub", () => {
  test("carry a payload byte for byte, and say nothing in a pipe", async () => {
    expect(await runCli(["pub", "raw", RAW], { url })).toEqual({ code: 0, stdout: "", stderr: "" });
    const { code, stdout, stderr } = await runCli(["sub", "raw", "--last", "1", "--count", "1", "--json"], { url });
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout).toContain(`"payload":${RAW},`);
    expect(JSON.parse(stdout)).toMatchObject({ topic: "raw", offset: 1 });
    expect(stdout.split("\n").length).toBe(2);
  });

  test("take lines from a pipe, empty ones left out, and keep their order", async () => {
    const input = `${RAW}\n\n"two"\r\n3`;
    expect(await runCli(["pub", "lines", "-"], { url, input })).toMatchObject({ code: 0, stdout: "", stderr: "" });
    const { stdout } = await runCli(["sub", "lines", "--last", "3", "--count", "3"], { url });
    const payloads = stdout
      .trim()
      .split("\n")
      .map((line) => line.split(" ").slice(3).join(" "));
    expect(payloads).toEqual([RAW, '"two"', "3"]);
  });

  test("are in colour on a terminal, unless NO_COLOR says otherwise", async () => {
    await runCli(["pub", "colour", "1"], { url });
    const words = ["sub", "colour", "--last", "1", "--count", "1"];
    expect((await runCli(words, { url, terminal: true })).stdout).toContain(ESCAPE);
    const plain = await runCli(words, { url, terminal: true, environment: { NO_COLOR: "1" } });
    expect(plain.stdout).toMatch(/^\S+Z colour 1 1\r\n$/);
    expect((await runCli(words, { url })).stdout).not.toContain(ESCAPE);
  });

  test("let no payload command the terminal", async () => {
    await runCli(["pub", "evil", '"\u009b31m"'], { url });
    for (const format of [[], ["--json"]]) {
      const words = ["sub", "evil", "--last", "1", "--count", "1", ...format];
      const { stdout } = await runCli(words, { url, terminal: true, environment: { NO_COLOR: "1" } });
      expect(stdout).toContain('"\\u009b31m"');
    }
  });

  test("publish text as a string with --text", async () => {
    await runCli(["pub", "text", "-", "--text"], { url, input: 'say "hi"\n' });
    const { stdout } = await runCli(["sub", "text", "--last", "1", "--count", "1", "--json"], { url });
    expect(JSON.parse(stdout)).toMatchObject({ payload: 'say "hi"' });
  });

  test("show progress on a terminal", async () => {
    await using run = new TerminalRun(["pub", "progress", "-"], { url });
    run.type("1\n");
    await run.prints("1 message published");
    run.type("\u0004");
    expect((await run.ended()).code).toBe(0);
  });
});

describe("a line that is refused", () => {
  const input = '1\n{"broken"\n3\n';

  test("is named, and ends pub with 1", async () => {
    const { code, stderr } = await runCli(["pub", "refused", "-"], { url, input });
    expect(code).toBe(1);
    expect(stderr).toMatch(/^ringcast: line 2: INVALID_PAYLOAD: .*\nringcast: \d messages? published, 1 refused/);
  });

  test("ends pub at once, though more input may come", async () => {
    await using run = new PipedRun(["pub", "refused-open", "-"], { url });
    run.write("nonsense\n");
    expect((await run.ended()).code).toBe(1);
  });

  test("is passed over with --keep-going, and the code is still 1", async () => {
    const { code, stderr } = await runCli(["pub", "kept", "-", "--keep-going"], { url, input });
    expect(code).toBe(1);
    expect(stderr).toContain("2 messages published, 1 refused");
  });

  test("may be one that is too long, of which nothing is kept", async () => {
    const words = ["pub", "long", "-", "--keep-going", "--max-message-size", "1000"];
    const { code, stderr } = await runCli(words, { url, input: `"${"x".repeat(100_000)}"\n2\n` });
    expect(code).toBe(1);
    expect(stderr).toContain("line 1: is longer than 1000 bytes");
    expect(stderr).toContain("1 message published, 1 refused");
  });
});

describe("Ctrl-C", () => {
  test("ends sub with 130, and the subscription with it", async () => {
    await using run = new TerminalRun(["sub", "ctrl-c"], { url });
    await untilSubscribed("ctrl-c");
    run.pressCtrlC();
    const { code, stdout } = await run.ended();
    expect(code).toBe(130);
    expect(stdout).toContain("ringcast: 0 events");
    expect((await server.stats()).topics["ctrl-c"]?.subscriber_count).toBe(0);
  });

  test.each([
    { words: ["pub", "ctrl-c-pub", "-"] },
    { words: ["stats", "--watch", "--json"] },
    { words: ["bench", "--seconds", "60"] },
  ])("ends with 130: $words", async ({ words }) => {
    await using piped = new PipedRun(words, { url });
    await using terminal = new TerminalRun(words, { url });
    piped.write("1\n");
    terminal.type("1\n");
    // By then each has set up what it does on Ctrl-C.
    if (words[0] === "pub") while ((await server.stats()).topics["ctrl-c-pub"]?.message_count !== 2) await sleep(5);
    if (words[0] === "stats") await Promise.all([piped.prints("uptime"), terminal.prints("uptime")]);
    if (words[0] === "bench") {
      await terminal.prints("published");
      while ((await benchTopics()) < 2) await sleep(5);
    }
    piped.kill("SIGINT");
    terminal.pressCtrlC();
    expect([(await piped.ended()).code, (await terminal.ended()).code]).toEqual([130, 130]);
  });

  async function benchTopics(): Promise<number> {
    const topics = Object.entries((await server.stats()).topics);
    return topics.filter(([name, { message_count: count }]) => name.startsWith("ringcast-bench-") && count > 0).length;
  }
});

test("a reader that has had enough ends the command quietly, with 0", async () => {
  await runCli(["pub", "many", "-"], { url, input: "1\n".repeat(100) });
  await using subscriber = new PipedRun(["pub", "many", "-"], { url });
  const script = `"$@" | head -1; echo "\${PIPESTATUS[0]}"`;
  const words = ringcast("sub", "many", "--last", "100", "--json");
  const shell = new Child(["bash", "-c", script, "bash", ...words], {
    env: { PATH: process.env["PATH"], RINGCAST_URL: url },
  });
  // What it prints next finds nobody.
  const timer = setInterval(() => subscriber.write("2\n"), 50);
  const { stdout, stderr } = await shell.ended();
  clearInterval(timer);
  expect(stdout).toMatch(/^\{.*\}\n0\n$/);
  expect(stderr).toBe("");
});

test("topics are created, listed and deleted", async () => {
  expect(await runCli(["topics", "create", "a/b"], { url })).toEqual({ code: 0, stdout: "", stderr: "" });
  const again = await runCli(["topics", "create", "a/b", "--url", url], { url: "http://127.0.0.1:1" });
  expect(again).toMatchObject({ code: 1, stdout: "" });
  expect(again.stderr).toMatch(/^ringcast: CONFLICT: /);
  expect((await runCli(["topics"], { url, terminal: true })).stdout).toMatch(
    /TOPIC +MESSAGES +SUBSCRIBERS[\s\S]*a\/b +0 +0/,
  );
  const names = (await runCli(["topics", "--json"], { url })).stdout.trim().split("\n");
  expect(names.map((line) => JSON.parse(line))).toContainEqual(expect.objectContaining({ name: "a/b" }));
  expect((await runCli(["topics", "delete", "a/b"], { url, terminal: true })).stdout).toContain("deleted a/b");
  expect((await runCli(["topics", "delete", "a/b"], { url })).code).toBe(1);
});

test("a topic is created with a time to live", async () => {
  for (const [ttl, shown] of [
    ["1h", "1h0m0s"],
    ["never", "never"],
  ] as const) {
    const name = `lives-${ttl}`;
    expect((await runCli(["topics", "create", name, `--ttl=${ttl}`], { url })).code).toBe(0);
    expect(await (await server.fetch(`/topics/${name}`)).json()).toMatchObject({ name, ttl: shown });
    await runCli(["topics", "delete", name], { url });
  }
});

test("a subscriber learns that its topic was deleted, and ends", async () => {
  await using run = new PipedRun(["sub", "doomed"], { url });
  await untilSubscribed("doomed");
  await runCli(["topics", "delete", "doomed"], { url });
  expect(await run.ended()).toEqual({
    code: 0,
    stdout: "",
    stderr: 'ringcast: topic "doomed": the topic was deleted\n',
  });
});

test("stats show the server's figures, as a table or as JSON", async () => {
  for (const terminal of [false, true]) {
    expect((await runCli(["stats"], { url, terminal })).stdout).toMatch(/up [\s\S]*clients +\d+ +published\/s/);
  }
  expect(JSON.parse((await runCli(["stats", "--json"], { url })).stdout)).toHaveProperty("total_clients");
});

test("health tells a server that is shutting down by exit code 1", async () => {
  await using draining = await LoopbackServer.start(() =>
    Response.json({ status: "draining", uptime_sec: 1, topics: 0, subscribers: 0, total_messages: 0 }, { status: 503 }),
  );
  const ended = await runCli(["health"], { url: draining.url.origin });
  expect(ended).toMatchObject({ code: 1, stderr: "" });
  expect(ended.stdout).toMatch(/^draining: /);
});

test("a token lets its holder do what it says, and nothing else", async () => {
  await using locked = await ServerProcess.start(["-api-key=secret"]);
  const words = ["token", "--publish", "a*", "--ttl", "1h", "--api-key", "secret"];
  const { stdout } = await runCli(words, locked);
  const environment = { RINGCAST_TOKEN: stdout.trim() };
  expect((await runCli(["pub", "allowed", "1"], { url: locked.url, environment })).code).toBe(0);
  expect((await runCli(["pub", "forbidden", "1"], { url: locked.url, environment })).code).toBe(4);
  expect((await runCli(["sub", "allowed"], { url: locked.url, environment })).code).toBe(4);
  expect((await runCli(["topics"], { url: locked.url, environment })).code).toBe(4);
});

test("a key that is typed wins over a token of the environment, and a token that is typed over a key", async () => {
  await using locked = await ServerProcess.start(["-api-key=secret"]);
  const made = await runCli(["token", "--publish", "a", "--api-key", "secret"], locked);
  const token = made.stdout.trim();
  const codeOf = async (words: readonly string[], environment: Record<string, string>) =>
    (await runCli(words, { url: locked.url, environment })).code;
  // Only the key may see topics, and the token may publish to one.
  for (const words of [["topics"], ["topics", "create", "b"]]) {
    expect(await codeOf([...words, "--api-key", "secret"], { RINGCAST_TOKEN: token })).toBe(0);
    expect(await codeOf(words, { RINGCAST_TOKEN: token, RINGCAST_API_KEY: "secret" })).toBe(4);
    expect(await codeOf([...words, "--token", token], { RINGCAST_API_KEY: "secret" })).toBe(4);
    expect(await codeOf([...words, "--token", token, "--api-key", "secret"], {})).toBe(4);
  }
});

test("help shows durations as they are typed", async () => {
  expect((await runToEnd(["help", "pub"])).stdout).toMatch(/\(default:\s+10s\)/);
  expect((await runToEnd(["help", "stats"])).stdout).toMatch(/\(default:\s+1s\)/);
  const refused = await runToEnd(["stats", "--interval", "1ms"]);
  expect(refused).toMatchObject({ code: 2, stderr: expect.stringContaining("from 100ms to 1h0m0s") });
});

test("sub subscribes with the client id of its token", async () => {
  await using locked = await ServerProcess.start(["-api-key=secret"]);
  const words = ["token", "--subscribe", "a", "--client-id", "web1", "--api-key", "secret"];
  const environment = { RINGCAST_TOKEN: (await runCli(words, locked)).stdout.trim() };
  const created = ["topics", "create", "a", "--api-key", "secret"];
  expect((await runCli(created, locked)).code).toBe(0);
  expect((await runCli(["pub", "a", "1", "--api-key", "secret"], locked)).code).toBe(0);
  const heard = await runCli(["sub", "a", "--last", "1", "--count", "1"], { url: locked.url, environment });
  expect(heard).toMatchObject({ code: 0, stderr: "" });
  expect(heard.stdout).toContain(" a 1 1");
});

test("bench measures without a loss, draws a chart, and leaves no topic", async () => {
  const words = ["bench", "--seconds", "1", "--publishers", "2", "--subscribers", "2", "--rate", "500"];
  const [json, chart] = await Promise.all([
    runCli([...words, "--json"], { url }),
    runCli(words, { url, terminal: true }),
  ]);
  const figures = z.object({ published: z.number(), delivered: z.number(), lost: z.number() });
  const result = figures.parse(JSON.parse(json.stdout));
  expect(result).toMatchObject({ lost: 0, delivered: result.published * 2 });
  expect(result.published).toBeGreaterThanOrEqual(300);
  expect(result.published).toBeLessThan(510);
  expect(json.stderr).toBe("");
  expect(chart.stdout).toContain("p99.9");
  expect(chart.stdout).toContain("█");
  expect((await runCli(["topics"], { url })).stdout).not.toContain("ringcast-bench-");
});

test("bench loads no server elsewhere", async () => {
  const { code, stderr } = await runCli(["bench", "--url", "http://example.invalid"], { url });
  expect({ code, lines: stderr.trim().split("\n").length }).toEqual({ code: 2, lines: 1 });
  expect(stderr).toContain("example.invalid");
});

describe("a command line that is wrong", () => {
  test.each([
    [["sub"]],
    [["sub", "t", "--last", "x"]],
    [["pub", "t"]],
    [["pub", "t", "no json"]],
    [["pub", "t", "1", "--timeout", "soon"]],
    [["topics", "rename"]],
    [["topics", "create", "t", "--ttl=soon"]],
    [["topics", "create", "t", "--ttl", "25h"]],
    [["stats", "--bogus"]],
    [["health", "--url", "nonsense"]],
    [["health", "--api-key", "two words"]],
    [["completion", "csh"]],
  ])("is refused with 2 and one line: %j", async (words) => {
    const { code, stdout, stderr } = await runCli(words, { url });
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toMatch(/^ringcast: [\x20-\x7e]+\n$/);
    expect(stderr).not.toContain("two words");
  });
});

test("serve takes the flags that no verb takes", async () => {
  expect(await runToEnd(["serve", "-version"])).toEqual(await runToEnd(["-version"]));
  expect((await runToEnd(["serve", "-port=x"])).stderr).toContain("flag -port ");
  expect((await runToEnd(["serve", "word"])).code).toBe(2);
});

test("help names every verb", async () => {
  const [overview, server_] = await Promise.all([runToEnd(["help"]), runToEnd(["-help"])]);
  for (const verb of ["sub", "pub", "topics", "stats", "health", "token", "bench", "completion"]) {
    expect(overview.stdout).toContain(`\n  ${verb} `);
    expect(server_.stdout).toContain(verb);
  }
  expect((await runToEnd(["sub", "--help"])).code).toBe(0);
});
