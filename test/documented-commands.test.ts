import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { text } from "node:stream/consumers";
import { globSync } from "tinyglobby";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { VERBS } from "../src/config/verbs.ts";
import { within } from "./support/mailbox.ts";
import { ROOT, ServerProcess } from "./support/server-process.ts";

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

// What the documents call `ringcast …` is run as it is written there, in the folder of the checkout.

/** What stands before `ringcast` where the shell finds it without further ado. */
const FOUND = /^(?:npx ringcast|bin\/ringcast|node bin\/ringcast)\b/;
/** A call of the command, up to a pipe, a redirection or a comment. */
const CALL = /(?:(?:npx |node bin\/|bin\/)?\bringcast)(?: +(?:'[^']*'|[^\s'|<>&()`#;]+))*/g;
/** How long a command may take to end or to print something. */
const DEADLINE_MS = 30_000;

function read(path: string): string {
  return readFileSync(join(ROOT, path), "utf8");
}

/** What a reader may paste: the lines of blocks for a shell, and texts in backticks. */
function pasteable(path: string): string[] {
  const document = read(path);
  const lines = [...document.matchAll(/^```bash\n(.*?)^```/gms)].flatMap(([, block = ""]) =>
    block.trimEnd().split("\n"),
  );
  const spans = [...document.replace(/^```.*?^```/gms, "").matchAll(/`([^`\n]+)`/g)].map(([, span = ""]) => span);
  return [...lines, ...spans];
}

/** The calls of the command in a text that a reader may paste, as they are written. */
function callsIn(line: string): string[] {
  // Names of packages, images, files and metrics.
  if (/\b(?:docker|kubectl|install|systemctl)\b/.test(line)) return [];
  return [...line.matchAll(CALL)].flatMap(([call]) => {
    const [, verb = ""] = /ringcast +(\S+)/.exec(call) ?? [];
    return verb.startsWith("-") || Object.hasOwn(VERBS, verb) ? [call] : [];
  });
}

function callsOf(path: string): string[] {
  return [...new Set(pasteable(path).flatMap(callsIn))];
}

/** A call that ends by itself: in place of a server, the configuration that its flags make. */
function ending(call: string): string {
  return call.replace(/ringcast(?= +-(?!-?(?:help|version)\b))/, "ringcast config");
}

let server: ServerProcess;
let traffic: NodeJS.Timeout;
beforeAll(async () => {
  server = await ServerProcess.start(["-topic-ttl=1m"]);
  // For those that listen.
  traffic = setInterval(() => {
    for (const topic of ["orders", "payments"]) void server.post(`/topics/${topic}/messages`, { payload: topic });
  }, 100);
});
afterAll(async () => {
  clearInterval(traffic);
  await server.stop();
});

/** Whether a call goes on until somebody ends it. */
function isEndless(call: string): boolean {
  return call.includes("--watch") || (/ringcast sub\b/.test(call) && !call.includes("--count"));
}

/** Runs a call in a shell until it ends, or prints something if it is endless. Returns its exit code, or "printed". */
async function run(call: string, path: string): Promise<{ code: unknown; stderr: string }> {
  const child = spawn("bash", ["-c", call], {
    cwd: ROOT,
    detached: true,
    env: { ...process.env, PATH: path, RINGCAST_URL: server.url },
    stdio: ["pipe", "pipe", "pipe"],
  });
  try {
    const stderr = text(child.stderr);
    const printed = once(child.stdout, "data").then(() => "printed");
    child.stdout.resume();
    child.stdin.on("error", () => {});
    child.stdin.end('{"line":1}\n');
    const exited = once(child, "exit").then(async ([code]) => ({ code, stderr: await stderr }));
    const ending = isEndless(call) ? Promise.race([printed.then((code) => ({ code, stderr: "" })), exited]) : exited;
    return await within(ending, "the command's end or output", DEADLINE_MS);
  } finally {
    // The shell, what it has started, and what npx has.
    if (child.exitCode === null && child.pid !== undefined) process.kill(-child.pid, "SIGKILL");
  }
}

function expected(call: string) {
  return { code: isEndless(call) ? "printed" : 0, stderr: "" };
}

const PATH = process.env["PATH"] ?? "";

describe.skipIf(process.platform === "win32")("README.md", () => {
  const calls = callsOf("README.md");

  test("has calls of the command, each with where it is found", () => {
    expect(calls.length).toBeGreaterThan(5);
    for (const call of calls) expect(call).toMatch(FOUND);
  });

  test.each(calls.map(ending))("%s works as it is written", async (call) => {
    expect(await run(call, PATH)).toEqual(expected(call));
  });
});

describe.skipIf(process.platform === "win32")("docs/command.md", () => {
  const calls = callsOf("docs/command.md").filter((call) => call.includes(" "));

  test("first says how to have the command on the path, and has an example of each verb", () => {
    expect(read("docs/command.md").indexOf('export PATH="$PWD/bin:$PATH"')).toBeLessThan(
      read("docs/command.md").indexOf("```bash\nringcast"),
    );
    const verbs = Object.keys(VERBS).filter((verb) => verb !== "serve");
    for (const verb of verbs) expect(calls).toContainEqual(expect.stringMatching(`^ringcast ${verb}\\b`));
  });

  test.each(calls.map(ending).filter((call) => !call.includes("VERB")))("%s works on that path", async (call) => {
    expect(await run(call, `${join(ROOT, "bin")}${delimiter}${PATH}`)).toEqual(expected(call));
  });
});

test.each(
  globSync(["docs/*.md", "examples/*.md", "bench/*.md", "*.md"], { cwd: ROOT, ignore: ["docs/command.md"] }).sort(),
)("%s has no line for a shell with a command that the shell does not find", (path) => {
  const blocks = [...read(path).matchAll(/^```bash\n(.*?)^```/gms)].flatMap(([, block = ""]) => block.split("\n"));
  for (const call of blocks.flatMap(callsIn)) expect(call).toMatch(FOUND);
});
