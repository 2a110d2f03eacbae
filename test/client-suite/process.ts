import { afterAll, beforeAll } from "bun:test";
import { Build } from "./build.ts";
import type { Place } from "./context.ts";
import { testScenarios } from "./tests.ts";

/**
 * Tests every scenario in a process of a runtime, which ends by itself only if the SDK left nothing running.
 * @param command the words that run a script
 * @param missing why that runtime can't be had here, if it can't
 */
export function testInProcess(runtime: Place["runtime"], command: readonly string[], missing?: string): void {
  let build: Build | undefined;
  let script = "";

  beforeAll(async () => {
    build = new Build();
    script = await build.bundle("main.ts", "node");
  });

  afterAll(() => build?.[Symbol.dispose]());

  testScenarios({
    runtime,
    missing,
    run: async (name, place) => {
      const words = [...command, script, build?.clientPath ?? "", name, JSON.stringify(place)];
      const child = Bun.spawn(words, { stdout: "pipe", stderr: "pipe" });
      const [code, told, problems] = await Promise.all([
        child.exited,
        new Response(child.stdout).text(),
        new Response(child.stderr).text(),
      ]);
      if (code !== 0) throw new Error(problems);
      return told;
    },
  });
}
