import fc from "fast-check";
import { expect, test } from "vitest";
import { HistoryRun, type RunOptions, type Step } from "../../test/support/history-run.ts";
import { SEED } from "../../test/support/seed.ts";

/** 10,000 take about 80 s. */
const RUNS = Number(process.env["BOUNDED_HISTORY_RUNS"] ?? 300);

const topic = fc.constantFrom("a", "a", "a", "b", "b", "c");
const client = fc.nat({ max: 9 });
const size = fc.oneof(
  { weight: 6, arbitrary: fc.nat({ max: 300 }) },
  { weight: 3, arbitrary: fc.nat({ max: 5000 }) },
  { weight: 1, arbitrary: fc.nat({ max: 90_000 }) },
);
const back = fc.oneof(fc.nat({ max: 4 }), fc.integer({ min: -2, max: 30 }));

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 10,
    arbitrary: fc.record({
      kind: fc.constant("publish" as const),
      topic,
      sizes: fc.array(size, { minLength: 1, maxLength: 8 }),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant("repeat" as const),
      topic,
      back: fc.constantFrom(0, 1, 2, 5, 20),
      size,
      dedupe: fc.constantFrom(true, true, false),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("subscribe" as const), topic, lastN: fc.nat({ max: 40 }) }) },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant("resume" as const),
      topic,
      back,
      isOldEpoch: fc.constantFrom(false, false, false, false, false, true),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant("create" as const),
      topic,
      ttl: fc.constantFrom(undefined, "never" as const, 0, 500),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("delete" as const), topic }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constantFrom("leave", "leave", "stall", "read"), client }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("pass" as const), ms: fc.constantFrom(0, 400, 1100) }) },
  { weight: 8, arbitrary: fc.constant<Step>({ kind: "flush" }) },
);
const steps = fc.array(step, { minLength: 5, maxLength: 80, size: "max" });

const options: fc.Arbitrary<RunOptions> = fc.record({
  maxBytes: fc.oneof(fc.integer({ min: 1000, max: 20_000 }), fc.integer({ min: 20_000, max: 300_000 })),
  ringCapacity: fc.oneof({ weight: 9, arbitrary: fc.integer({ min: 1, max: 60 }) }, fc.constant(0)),
  topicTtlMs: fc.constantFrom(0, 1000),
  idleTopicTtlMs: fc.constantFrom(1000, 3000),
  historyLingerMs: fc.constantFrom(0, 1000),
});

test(`bounded histories do what a model does, with any publishes, subscribers and topics (seed ${SEED}, ${RUNS} runs)`, () => {
  const total = { evicted: 0, recovered: 0, notRecovered: 0, duplicates: 0 };
  fc.assert(
    fc.property(options, steps, (runOptions, all) => {
      const run = new HistoryRun(runOptions);
      for (const one of all) run.take(one);
      run.finish();
      total.evicted += run.evictedCount;
      total.recovered += run.resumes.recovered;
      total.notRecovered += run.resumes.notRecovered;
      total.duplicates += run.duplicates;
    }),
    { seed: SEED, numRuns: RUNS },
  );
  const { duplicates, evicted, notRecovered, recovered } = total;
  process.stdout.write(
    `  ${RUNS} runs, ${evicted} events evicted, ${recovered} resumes recovered and ${notRecovered} not, ${duplicates} duplicates\n`,
  );
  // Otherwise the property would say little.
  expect(Math.min(evicted, recovered, notRecovered, duplicates)).toBeGreaterThan(RUNS / 2);
}, 120_000);
