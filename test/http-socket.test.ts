import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { z } from "zod";
import type { openHttpSocket } from "../src/client/http-socket.ts";
import type { Credentials, Platform } from "../src/client/platform.ts";
import { Build } from "./client-suite/build.ts";
import { absentServer } from "./support/absent-server.ts";
import { HAS_BROWSER, launchBrowser } from "./support/browser.ts";
import { runChild } from "./support/child.ts";
import { LoopbackServer } from "./support/loopback-server.ts";
import { findBun } from "./support/programs.ts";
import { ServerProcess } from "./support/server-process.ts";

// The SDK's socket by HTTP, as it is published, against the real server in every runtime.

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

const KEY = "socket-key";

/** What is to be done with a socket. */
interface Plan {
  readonly url: string;
  readonly credentials: Credentials | Record<string, never>;
  /** Sent at once when it opens, then again each time that so many messages have come. */
  readonly rounds: readonly (readonly string[])[];
  /** After how many messages of a round to go on. */
  readonly count: number;
  /** What ends it; the server, if nothing. */
  readonly end?: "close" | "drop";
}

const outcomeSchema = z.object({
  log: z.array(z.string()),
  closing: z.object({ code: z.number(), reason: z.string(), problem: z.string().optional() }).optional(),
});
type Outcome = z.infer<typeof outcomeSchema>;

/** Carries out a plan. It runs elsewhere, as text, so it refers to nothing outside. */
function carryOut(open: typeof openHttpSocket, plan: Plan): Promise<Outcome> {
  return new Promise((resolve) => {
    const log: string[] = [];
    let round = 0;
    let left = 0;
    const next = () => {
      const requests = plan.rounds[round++];
      left = plan.count;
      if (requests !== undefined) for (const request of requests) socket.send(request);
      else if (plan.end === "close") socket.close(() => resolve({ log }));
      else if (plan.end === "drop") {
        socket.drop();
        resolve({ log });
      }
    };
    const { apiKey, token } = plan.credentials;
    const platform: Platform = {
      open: () => {
        throw new Error("blocked");
      },
      openHttp: () => Promise.reject(new Error("not here")),
      after: (ms, run) => {
        const timer = setTimeout(run, ms);
        return () => clearTimeout(timer);
      },
      whenBack: () => () => {},
      random: Math.random,
      warn: () => {},
    };
    const socket = open(
      platform,
      plan.url,
      { apiKey, token },
      {
        replaced: () => false,
        opened: () => {
          log.push("opened");
          next();
        },
        received: (text) => {
          log.push(text);
          if (--left === 0) next();
        },
        closed: (code, reason, problem) => resolve({ log, closing: { code, reason, ...(problem && { problem }) } }),
      },
    );
  });
}

interface Runtime {
  readonly name: string;
  readonly isThere: boolean;
  run(plan: Plan): Promise<Outcome>;
}

let build: Build;
let script: string;
let site: LoopbackServer;
let browser: Browser | undefined;

beforeAll(async () => {
  build = new Build();
  script = readFileSync(join(build.folder, "http-socket.js"), "utf8");
  site = await LoopbackServer.start(({ url }) => {
    const isScript = url.endsWith(".js");
    const headers = { "Content-Type": isScript ? "text/javascript" : "text/html" };
    return new Response(isScript ? script : "<!doctype html><title>t</title>", { headers });
  });
  if (HAS_BROWSER) browser = await launchBrowser();
});

afterAll(async () => {
  await browser?.close();
  await site[Symbol.asyncDispose]();
  build[Symbol.dispose]();
});

const scriptFor = (path: string, plan: Plan) =>
  `import(${JSON.stringify(path)}).then(({ openHttpSocket }) => (${carryOut.toString()})(openHttpSocket, ${JSON.stringify(plan)}))`;

async function runProcess(runtime: string, plan: Plan): Promise<Outcome> {
  const script = `${scriptFor(join(build.folder, "http-socket.js"), plan)}.then((all) => process.stdout.write(JSON.stringify(all)))`;
  const path = join(build.folder, `${crypto.randomUUID()}.mjs`);
  writeFileSync(path, script);
  const { code, stderr, stdout } = await runChild([runtime, path]);
  if (code !== 0) throw new Error(stderr);
  return outcomeSchema.parse(JSON.parse(stdout));
}

async function runPage(plan: Plan): Promise<Outcome> {
  const page = await browser?.newPage();
  if (page === undefined) throw new Error("there is no browser");
  try {
    await page.goto(site.url.href);
    return outcomeSchema.parse(await page.evaluate(scriptFor("/http-socket.js", plan)));
  } finally {
    await page.close();
  }
}

const bun = findBun();
const RUNTIMES: readonly Runtime[] = [
  { name: "Node.js", isThere: true, run: (plan) => runProcess(process.execPath, plan) },
  { name: "Bun", isThere: bun !== undefined, run: (plan) => runProcess(bun ?? "", plan) },
  { name: "Chromium", isThere: HAS_BROWSER, run: runPage },
];

function urlOf({ port }: Pick<ServerProcess, "port">): string {
  return `ws://127.0.0.1:${port}/ws`;
}

function typesOf({ log }: Outcome): string[] {
  return log.slice(1).map((text) => z.looseObject({ type: z.string() }).parse(JSON.parse(text)).type);
}

describe.each(RUNTIMES.filter(({ isThere }) => isThere))("the SDK's socket by HTTP in $name", ({ name, run }) => {
  // Each page is of another origin than the server.
  const cors = name === "Chromium" ? ["-enable-cors"] : [];

  test("carries requests and messages in order, large ones too, and ends at once when it is closed or dropped", async () => {
    await using server = await ServerProcess.start(cors);
    const publish = (n: number) =>
      JSON.stringify({ type: "publish", topic: "t", message: { id: `m${n}`, payload: "ä😀".repeat(n * 100) } });
    const subscribe = JSON.stringify({ type: "subscribe", topic: "t", client_id: "c" });
    const requests = Array.from({ length: 200 }, (_, n) => publish(n));
    for (const end of ["close", "drop"] as const) {
      const gone = server.nextLog("client disconnected");
      const plan = { url: urlOf(server), credentials: {}, count: 401, rounds: [[subscribe, ...requests]], end };
      const outcome = await run(plan);
      expect(outcome.log[0]).toBe("opened");
      expect(typesOf(outcome).filter((type) => type === "ack")).toHaveLength(201);
      const ids = outcome.log
        .filter((text) => text.startsWith('{"type":"event"'))
        .map((text) => /"id":"(\w+)"/.exec(text)?.[1]);
      expect(ids).toEqual(requests.map((_, n) => `m${n}`));
      expect(await gone).toMatchObject({ code: 1006 });
    }
  });

  test("is closed as the server closes it", async () => {
    await using server = await ServerProcess.start(cors);
    const subscribe = '{"type":"subscribe","topic":"t","client_id":"c"}';
    const connected = server.nextLog("topic created");
    const running = run({ url: urlOf(server), credentials: {}, count: 1000, rounds: [[subscribe]] });
    await connected;
    await server.fetch("/topics/t", { method: "DELETE" });
    const { closing, log } = await running;
    expect(closing).toEqual({ code: 4404, reason: expect.any(String) });
    expect(log.at(-1)).toContain("TOPIC_DELETED");
  });

  test("is closed with 1006 when the server is killed", async () => {
    await using server = await ServerProcess.start(cors);
    const connected = server.nextLog("client connected");
    const running = run({ url: urlOf(server), credentials: {}, count: 1, rounds: [['{"type":"ping"}'], []] });
    await connected;
    await server.stop("SIGKILL");
    expect((await running).closing?.code).toBe(1006);
  });

  test("presents a key or a token, and is told why it is refused", async () => {
    await using server = await ServerProcess.start([...cors, `-api-key=${KEY}`, "-max-connections=1"]);
    const ask = (credentials: Plan["credentials"]) =>
      run({ url: urlOf(server), credentials, count: 1, rounds: [['{"type":"ping"}']], end: "close" });
    expect((await ask({})).closing?.code).toBe(4401);
    expect((await ask({ apiKey: "wrong", token: undefined })).closing?.code).toBe(4401);
    expect(typesOf(await ask({ apiKey: KEY, token: undefined }))).toEqual(["pong"]);
    const answer = await server.post("/tokens", { client_id: "web" }, { "X-API-Key": KEY });
    const { token } = z.object({ token: z.string() }).parse(await answer.json());
    const full = server.nextLog("client connected");
    const controller = new AbortController();
    await fetch(`${server.url}/ws/session`, { headers: { "X-API-Key": KEY }, signal: controller.signal });
    await full;
    expect((await ask({ apiKey: undefined, token })).closing).toEqual({
      code: 1013,
      reason: expect.stringMatching(/-max-connections.*; retry after [1-5]000 ms$/),
    });
    const gone = server.nextLog("client disconnected");
    controller.abort();
    await gone;
    expect(typesOf(await ask({ apiKey: undefined, token }))).toEqual(["pong"]);
  });

  test("tells what answers where no Ringcast server does", async () => {
    const ask = async (url: string) => (await run({ url, credentials: {}, count: 1, rounds: [] })).closing;
    const absent = (await absentServer()).replace(/^http/, "ws");
    expect(await ask(`${absent}/ws`)).toEqual({
      code: 1006,
      reason: `nothing answers at ${absent}/ws`,
      problem: "UNREACHABLE",
    });
    const url = `${site.url.href.replace(/^http/, "ws")}some/where?token=secret`;
    const reason = `${url.replace(/\?.*/, "")} is not a Ringcast server (HTTP 200)`;
    expect(await ask(url)).toEqual({ code: 1006, reason, problem: "NOT_RINGCAST" });
    // Pages may read nothing of such an old server.
    if (name === "Chromium") return;
    await using old = await LoopbackServer.start((request) => {
      const isSession = new URL(request.url).pathname === "/ws/session";
      const code = isSession ? "NOT_FOUND" : "UPGRADE_REQUIRED";
      return Response.json({ error: { code, message: "" } }, { status: isSession ? 404 : 426 });
    });
    expect((await ask(urlOf(old)))?.reason).toContain("its server is too old");
  });

  test("sends its credentials nowhere else", async () => {
    let redirected = 0;
    await using elsewhere = await LoopbackServer.start(() => {
      redirected++;
      return new Response("hello");
    });
    const location = elsewhere.url.href;
    await using login = await LoopbackServer.start(({ headers, method }) => {
      const allowed = {
        "Access-Control-Allow-Origin": headers.get("origin") ?? "*",
        "Access-Control-Allow-Headers": "*",
      };
      if (method === "OPTIONS")
        return new Response(null, {
          status: 204,
          headers: { ...allowed, "Access-Control-Allow-Headers": "authorization" },
        });
      return new Response(null, { status: 302, headers: { ...allowed, Location: location } });
    });
    const plan = { url: urlOf(login), credentials: { apiKey: undefined, token: "t" }, count: 1, rounds: [] };
    expect((await run(plan)).closing?.problem).toBe("NOT_RINGCAST");
    expect(redirected).toBe(0);
  });
});

test.runIf(HAS_BROWSER)("a page of another origin is told that it needs CORS", async () => {
  await using server = await ServerProcess.start([`-api-key=${KEY}`]);
  const { closing } = await runPage({ url: urlOf(server), credentials: {}, count: 1, rounds: [] });
  expect(closing).toMatchObject({
    code: 1006,
    problem: "NOT_RINGCAST",
    reason: expect.stringContaining("-enable-cors"),
  });
  // That diagnosis leaves no session behind.
  const stats = await server.fetch("/stats", { headers: { "X-API-Key": KEY } });
  expect(await stats.json()).toMatchObject({ total_clients: 0 });
});
