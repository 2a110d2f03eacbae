import { describe, test } from "vitest";
import { SEED } from "../support/seed.ts";
import type { Place } from "./context.ts";
import { type Files, Harness } from "./harness.ts";
import { SCENARIOS } from "./suite.ts";

/** How long a scenario may take, unless it says otherwise. */
const DEADLINE_MS = 60_000;

/** A runtime that scenarios can be run in. */
export interface Runner {
  readonly runtime: Place["runtime"];
  /** Why it can't be had here, if it can't. */
  readonly missing?: string | undefined;
  /** What its harness has to serve. */
  readonly files?: () => Promise<Files>;
  run(name: string, place: Place): Promise<string>;
}

/** Makes a test of every scenario, in one runtime. */
export function testScenarios({ files, missing, run, runtime }: Runner): void {
  const why = missing === undefined ? "" : ` [skipped: ${missing}]`;
  describe.skipIf(missing !== undefined)(`the SDK in ${runtime}${why}`, () => {
    for (const [name, { blocksWebSockets = false, deadlineMs = DEADLINE_MS, flags = [] }] of Object.entries(
      SCENARIOS,
    )) {
      test(
        `${name} (seed ${SEED})`,
        async () => {
          await using harness = await Harness.start(flags, (await files?.()) ?? {}, blocksWebSockets);
          const beganAt = performance.now();
          const told = await run(name, harness.place(runtime, SEED));
          const seconds = ((performance.now() - beganAt) / 1000).toFixed(1);
          process.stdout.write(`  ${runtime}, seed ${SEED}, ${seconds} s: ${told}\n`);
        },
        deadlineMs,
      );
    }
  });
}
