import { expect, test } from "vitest";
import { playRuns } from "../../test/hostile/run.ts";
import { SEED } from "../../test/support/seed.ts";

/** More by `HOSTILE_RUNS`, such as 100,000 in about two minutes. */
const RUNS = Number(process.env["HOSTILE_RUNS"] ?? 3000);

test(
  `whatever a server does, the SDK stays true and settles in ${RUNS} runs (seed ${SEED})`,
  async () => {
    // What nobody has caught fails the test as well.
    const tally = await playRuns(SEED, RUNS);
    process.stdout.write(`  ${JSON.stringify(tally)}\n`);
    expect(tally.events).toBeGreaterThan(RUNS);
    expect(tally.gaps).toBeGreaterThan(RUNS);
  },
  60_000 + RUNS * 10,
);
