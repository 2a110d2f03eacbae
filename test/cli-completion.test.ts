import { expect, setDefaultTimeout, test } from "bun:test";
import { OPTION_NAMES, OPTIONS } from "../src/config/options.ts";
import { VERBS } from "../src/config/verbs.ts";
import { runToEnd } from "./support/server-process.ts";

setDefaultTimeout(20_000);

async function scriptFor(shell: string): Promise<string> {
  const { code, stdout, stderr } = await runToEnd(["completion", shell]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  return stdout;
}

/** What bash offers for the last of these words. */
async function completions(words: readonly string[]): Promise<string[]> {
  const list = words.map((word) => `'${word}'`).join(" ");
  const script = `${await scriptFor("bash")}\nCOMP_WORDS=(${list}); COMP_CWORD=${words.length - 1}; _ringcast; echo "\${COMPREPLY[@]}"`;
  const { exitCode, stdout } = Bun.spawnSync(["bash", "-c", script]);
  expect(exitCode).toBe(0);
  return stdout.toString().trim().split(" ");
}

for (const shell of ["bash", "zsh", "fish"]) {
  test.skipIf(Bun.which(shell) === null)(`${shell} understands its script`, async () => {
    const { exitCode, stderr } = Bun.spawnSync([shell, "-n", "/dev/stdin"], {
      stdin: Buffer.from(await scriptFor(shell)),
    });
    expect({ exitCode, stderr: stderr.toString() }).toEqual({ exitCode: 0, stderr: "" });
  });

  test(`${shell}'s script has every verb, every server's flag, and options`, async () => {
    const script = await scriptFor(shell);
    for (const verb of Object.keys(VERBS)) expect(script).toContain(verb);
    for (const name of OPTION_NAMES) expect(script).toContain(OPTIONS[name].flag);
    expect(script).toContain("keep-going");
  });
}

test.skipIf(Bun.which("bash") === null)("bash completes verbs, their options, and verbs below them", async () => {
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
});
