import { once } from "node:events";
import { createServer } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { stripVTControlCharacters } from "node:util";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { z } from "zod";
import { absentServer } from "./support/absent-server.ts";
import { PipedRun, runCli, TerminalRun } from "./support/cli-process.ts";
import { ServerProcess } from "./support/server-process.ts";

vi.setConfig({ testTimeout: 30_000, hookTimeout: 30_000 });

const VERBS: readonly (readonly string[])[] = [
  ["sub", "t"],
  ["pub", "t", "1"],
  ["pub", "t", "-"],
  ["topics"],
  ["topics", "create", "t"],
  ["topics", "delete", "t"],
  ["stats"],
  ["stats", "--watch"],
  ["token", "--subscribe", "t"],
  ["bench", "--seconds", "1"],
];

/** What stays on a terminal: no colours, and no progress that was written over. */
function remains(text: string): string {
  return stripVTControlCharacters(text).replaceAll("\r\n", "\n").replace(/^.*\r/gm, "");
}

function inputFor(words: readonly string[]): { input?: string } {
  return words.includes("-") ? { input: "1\n" } : {};
}

/** Expects one line of refusal, behind what a terminal echoes and what pub says about its lines. */
function expectRefusal(text: string): void {
  expect(remains(text)).toMatch(/^(?:1\n)?(?:ringcast: 0 messages published.*\n)?ringcast: [\x20-\x7e]+\n$/);
}

let locked: ServerProcess;
/** Answers everything with a page that says 404. */
const other = createServer((_, response) => response.writeHead(404, { "Content-Type": "text/html" }).end("<h1>404"));
let otherUrl: string;
beforeAll(async () => {
  locked = await ServerProcess.start(["-api-key=secret"]);
  await once(other.listen(0, "127.0.0.1"), "listening");
  otherUrl = `http://127.0.0.1:${z.object({ port: z.number() }).parse(other.address()).port}`;
});
afterAll(async () => {
  other.close();
  await locked.stop();
});

describe.each([
  ["in a pipe", false],
  ["on a terminal", true],
] as const)("%s", (_, terminal) => {
  const textOf = ({ stderr, stdout }: { stderr: string; stdout: string }) => (terminal ? stdout : stderr);

  for (const words of [...VERBS, ["health"]]) {
    test(`${words.join(" ")} says in one line that the server is absent, and ends with 3`, async () => {
      const ended = await runCli(words, { url: await absentServer(), terminal, ...inputFor(words) });
      expect(ended.code).toBe(3);
      expect(textOf(ended)).toMatch(/can't reach http:..127.0.0.1:\d+: connection refused/);
      expectRefusal(textOf(ended));
      if (!terminal) expect(ended.stdout).toBe("");
    });
  }

  for (const words of [...VERBS, ["health"]]) {
    test(`${words.join(" ")} says in one line that another server answers, and ends with 3`, async () => {
      const ended = await runCli(words, { url: otherUrl, terminal, ...inputFor(words) });
      expect(ended.code).toBe(3);
      expect(textOf(ended)).toContain(`${otherUrl} is not a Ringcast server (HTTP 404)`);
      expectRefusal(textOf(ended));
    });
  }

  for (const words of VERBS) {
    test(`${words.join(" ")} says in one line that the key is refused, and ends with 4`, async () => {
      const environment = { RINGCAST_API_KEY: "wrong" };
      const ended = await runCli(words, { url: locked.url, terminal, environment, ...inputFor(words) });
      expect(ended.code).toBe(4);
      expect(textOf(ended)).toContain("ringcast: UNAUTHORIZED: ");
      expectRefusal(textOf(ended));
      if (!terminal) expect(ended.stdout).toBe("");
    });
  }

  test("health needs no key", async () => {
    const { code, stdout } = await runCli(["health"], { url: locked.url, terminal });
    expect(code).toBe(0);
    expect(stdout).toMatch(/^healthy: up /);
  });

  test("sub goes on where it was when the server is back, and says so", async () => {
    const first = await ServerProcess.start();
    const { port, url } = first;
    await using run = terminal
      ? new TerminalRun(["sub", "t", "--json"], { url })
      : new PipedRun(["sub", "t", "--json"], { url });
    await runCli(["pub", "t", "0"], { url });
    const subscribed = async (server: ServerProcess) => {
      while ((await server.stats()).topics["t"]?.subscriber_count !== 1) await sleep(5);
    };
    await subscribed(first);
    await runCli(["pub", "t", "1"], { url });
    await run.prints('"payload":1,');
    await first.stop("SIGKILL");
    await run.prints("lost the connection", terminal ? "stdout" : "stderr");
    await using second = await ServerProcess.start([`-port=${port}`]);
    await run.prints("connected to", terminal ? "stdout" : "stderr");
    await subscribed(second);
    await runCli(["pub", "t", "2"], { url });
    await run.prints('"payload":2,');
    await run.prints('{"gap":{"topic":"t",');
    run.kill("SIGTERM");
    const ended = await run.ended();
    expect(ended.code).toBe(143);
    expect(textOf(ended)).toMatch(/ringcast: [23] events, 1 gap\r?\n$/);
  });

  test("stats --watch ends with 3 when the server dies", async () => {
    const server = await ServerProcess.start();
    const words = ["stats", "--watch", "--interval", "100ms"];
    await using run = terminal ? new TerminalRun(words, server) : new PipedRun(words, server);
    await run.prints("published/s");
    await server.stop("SIGKILL");
    const ended = await run.ended();
    expect(ended.code).toBe(3);
    expect(textOf(ended)).toContain(`ringcast: can't reach ${server.url}`);
  });

  test("bench ends with 3 when the server dies", async () => {
    const server = await ServerProcess.start();
    await using run = terminal
      ? new TerminalRun(["bench", "--seconds", "60"], server)
      : new PipedRun(["bench", "--seconds", "60"], server);
    while ((await server.stats()).total_messages < 100) await sleep(5);
    await server.stop("SIGKILL");
    const ended = await run.ended();
    expect(ended.code).toBe(3);
    expect(textOf(ended)).toContain("ringcast: ");
  });
});

describe("pub - whose server dies half-way", () => {
  test("waits for --timeout, then ends with 3 and says how many were acked", async () => {
    const server = await ServerProcess.start();
    await using run = new PipedRun(["pub", "t", "-", "--timeout", "1s"], server);
    run.write("1\n2\n3\n");
    while ((await server.stats()).total_messages < 3) await sleep(5);
    await server.stop("SIGKILL");
    await run.prints("lost the connection", "stderr");
    run.write("4\n");
    const ended = await run.ended();
    expect(ended).toMatchObject({ code: 3, stdout: "" });
    expect(ended.stderr).toMatch(/^ringcast: line \d: TIMEOUT: topic "t": no ack within 1000 ms$/m);
    // What the server took may have had no time to be acked.
    const [, acked, unanswered] = /ringcast: (\d) messages? published, (\d) without/.exec(ended.stderr) ?? [];
    expect(Number(acked) + Number(unanswered)).toBe(4);
  });

  test("goes on when it is back in time", async () => {
    const first = await ServerProcess.start();
    await using run = new PipedRun(["pub", "t", "-"], first);
    run.write("1\n");
    while ((await first.stats()).total_messages < 1) await sleep(5);
    await first.stop("SIGKILL");
    await run.prints("lost the connection", "stderr");
    await using second = await ServerProcess.start([`-port=${first.port}`]);
    run.write("2\n");
    run.endInput();
    expect((await run.ended()).code).toBe(0);
    expect((await second.stats()).total_messages).toBe(1);
  });
});

test("--wait waits for a server that is not there yet", async () => {
  const url = await absentServer();
  await using run = new PipedRun(["pub", "t", "1", "--wait"], { url });
  await run.prints("trying again", "stderr");
  await using server = await ServerProcess.start([`-port=${new URL(url).port}`]);
  expect((await run.ended()).code).toBe(0);
  expect((await server.stats()).total_messages).toBe(1);
});

test("a server that lets the client in no longer ends sub with 4", async () => {
  const first = await ServerProcess.start(["-api-key=old"]);
  await using run = new PipedRun(["sub", "t", "--api-key", "old"], first);
  while ((await subscribersWith(first, "old")) !== 1) await sleep(5);
  await first.post("/topics/t/messages", { payload: "first" }, { "X-API-Key": "old" });
  await run.prints("first");
  await first.stop("SIGKILL");
  await using _ = await ServerProcess.start([`-port=${first.port}`, "-api-key=new"]);
  // The pauses between its tries are up to 10 s long.
  expect((await run.ended(60_000)).code).toBe(4);
}, 90_000);

/** How many subscribers the topic has: a client that is connected may not have subscribed yet. */
async function subscribersWith(server: ServerProcess, key: string): Promise<number> {
  const answer = await server.fetch("/stats", { headers: { "X-API-Key": key } });
  const topicSchema = z.object({ subscriber_count: z.number() });
  const { topics } = z.object({ topics: z.record(z.string(), topicSchema) }).parse(await answer.json());
  return topics["t"]?.subscriber_count ?? 0;
}
