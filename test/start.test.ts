import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import packageJson from "../package.json" with { type: "json" };
import { ROOT, SCRIPT_RUNTIME } from "./support/command.ts";

const VERSION = `ringcast ${packageJson.version}\n`;
const TIMEOUT_MS = 60_000;

function run(words: readonly string[], cwd = ROOT) {
  const { status, stderr, stdout } = spawnSync(SCRIPT_RUNTIME, words, { cwd, encoding: "utf8" });
  return { code: status, stdout, stderr };
}

describe("npm start", { timeout: TIMEOUT_MS }, () => {
  test("passes its arguments on, and ends with the server's exit code", () => {
    expect(packageJson.scripts.start).toBe("node scripts/start.js");
    expect(run(["scripts/start.js", "-version"])).toEqual({ code: 0, stdout: VERSION, stderr: "" });
    expect(run(["scripts/start.js", "-port=none"])).toMatchObject({ code: 2, stdout: "" });
  });

  test("is the server itself: a signal ends it as it should", async () => {
    const server = spawn(SCRIPT_RUNTIME, ["scripts/start.js", "-host=127.0.0.1", "-port=0"], {
      cwd: ROOT,
      stdio: ["ignore", "pipe", "inherit"],
    });
    const exited = once(server, "exit");
    for await (const line of createInterface({ input: server.stdout })) {
      if (line.includes(" listens: ")) server.kill("SIGTERM");
    }
    expect(await exited).toEqual([0, null]);
  });
});

describe("bin/ringcast", { timeout: TIMEOUT_MS }, () => {
  let checkout = "";
  let command = "";

  beforeEach(() => {
    checkout = mkdtempSync(join(tmpdir(), "ringcast-test-"));
    command = join(checkout, "bin", "ringcast");
    for (const name of ["bin", "scripts", "src", "package.json", "tsconfig.json"]) {
      cpSync(join(ROOT, name), join(checkout, name), { recursive: true });
    }
  });

  afterEach(() => rmSync(checkout, { recursive: true }));

  test("builds what is missing or stale, and nothing else", () => {
    symlinkSync(join(ROOT, "node_modules"), join(checkout, "node_modules"));
    const bundle = join(checkout, "dist", "ringcast.js");
    const builtMs = () => {
      expect(run([command, "-version"], tmpdir())).toEqual({ code: 0, stdout: VERSION, stderr: "" });
      return statSync(bundle).mtimeMs;
    };
    const first = builtMs();
    expect(builtMs()).toBe(first);
    const laterSec = Date.now() / 1000;
    utimesSync(join(checkout, "src", "main.ts"), laterSec, laterSec);
    const second = builtMs();
    expect(second).toBeGreaterThan(first);
    rmSync(join(checkout, "src", "main.ts"));
    expect(run([command, "-version"])).toMatchObject({ code: 1, stdout: "" });
    expect(statSync(bundle).mtimeMs).toBe(second);
  });

  test("says what to run where dependencies are missing", () => {
    const { code, stderr } = run([command, "-version"]);
    expect(code).toBe(1);
    expect(stderr).toBe(`ringcast: dependencies are missing; run 'npm ci' in ${checkout} first\n`);
    expect(existsSync(join(checkout, "dist"))).toBe(false);
  });

  test("says on an older Node.js which one it needs", () => {
    const old = join(checkout, "old.cjs");
    writeFileSync(old, `Object.defineProperty(process, "versions", { value: { node: "18.20.8" } });`);
    const { status, stderr, stdout } = spawnSync(process.execPath, ["--require", old, command, "-version"], {
      encoding: "utf8",
    });
    expect([status, stdout]).toEqual([1, ""]);
    expect(stderr).toBe(`ringcast: Node.js 20 or later is needed, and this is ${process.version}\n`);
  });

  test("needs no package and no source once it is installed", () => {
    expect(packageJson).not.toHaveProperty("dependencies");
    expect(run([join(ROOT, "bin", "ringcast"), "-version"])).toMatchObject({ code: 0 });
    rmSync(join(checkout, "scripts"), { recursive: true });
    rmSync(join(checkout, "src"), { recursive: true });
    mkdirSync(join(checkout, "dist"));
    cpSync(join(ROOT, "dist", "ringcast.js"), join(checkout, "dist", "ringcast.js"));
    expect(run([command, "-version"], tmpdir())).toEqual({ code: 0, stdout: VERSION, stderr: "" });
    expect(run([command, "help"], tmpdir())).toMatchObject({ code: 0, stderr: "" });
  });
});
