import { spawnSync } from "node:child_process";
import { expect, test, vi } from "vitest";
import { OPTION_NAMES, OPTIONS } from "../src/config/options.ts";
import { VERBS } from "../src/config/verbs.ts";
import { findProgram } from "./support/programs.ts";
import { runToEnd } from "./support/server-process.ts";
import { TemporaryFile } from "./support/temporary-file.ts";

vi.setConfig({ testTimeout: 20_000, hookTimeout: 20_000 });

async function scriptFor(shell: string): Promise<string> {
  const { code, stdout, stderr } = await runToEnd(["completion", shell]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  return stdout;
}

/** What bash offers for the last of these words. */
async function completions(words: readonly string[]): Promise<string[]> {
  const list = words.map((word) => `'${word}'`).join(" ");
  const script = `${await scriptFor("bash")}\nCOMP_WORDS=(${list}); COMP_CWORD=${words.length - 1}; _ringcast; echo "\${COMPREPLY[@]}"`;
  const { status, stdout } = spawnSync("bash", ["-c", script], { encoding: "utf8" });
  expect(status).toBe(0);
  return stdout.trim().split(" ");
}

test.skipIf(process.platform === "win32")("bash completes the options of a verb below another", async () => {
  expect(await completions(["ringcast", "topics", "create", "--t"])).toEqual(["--token", "--ttl"]);
});

for (const shell of ["bash", "zsh", "fish"]) {
  test.skipIf(findProgram(shell) === undefined)(`${shell} understands its script`, async () => {
    using script = new TemporaryFile("completion", await scriptFor(shell));
    const { status, stderr } = spawnSync(shell, ["-n", script.path], { encoding: "utf8" });
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
  });

  test(`${shell}'s script has every verb, every server's flag, and options`, async () => {
    const script = await scriptFor(shell);
    for (const verb of Object.keys(VERBS)) expect(script).toContain(verb);
    for (const name of OPTION_NAMES) expect(script).toContain(OPTIONS[name].flag);
    expect(script).toContain("keep-going");
  });
}

test.skipIf(findProgram("bash") === undefined)(
  "bash completes verbs, their options, and verbs below them",
  async () => {
    expect((await completions(["ringcast", ""])).filter((word) => !word.startsWith("-")).sort()).toEqual(
      Object.keys(VERBS).sort(),
    );
    expect(await completions(["ringcast", "to"])).toEqual(["topics", "token"]);
    expect(await completions(["ringcast", "sub", "orders", "--la"])).toEqual(["--last"]);
    expect(await completions(["ringcast", "sub", "--last", ""])).toEqual([""]);
    expect(await completions(["ringcast", "topics", "cr"])).toEqual(["create"]);
    expect(await completions(["ringcast", "topics", "create", "--"])).not.toContain("--json");
    expect(await completions(["ringcast", "serve", "-max-q"])).toEqual(["-max-queue-size", "-max-queue-bytes"]);
    expect(await completions(["ringcast", "completion", "z"])).toEqual(["zsh"]);
  },
);
