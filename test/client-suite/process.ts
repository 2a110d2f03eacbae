import { afterAll, beforeAll } from "vitest";
import { runChild } from "../support/child.ts";
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
      const { code, stderr, stdout } = await runChild(words);
      if (code !== 0) throw new Error(stderr);
      return stdout;
    },
  });
}
