import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { SEED } from "../../test/support/seed.ts";
import { type RunOptions, SessionRun, type Step } from "../../test/support/session-run.ts";

// Random runs of the hub with clients that read well, badly or not at all, against a model that is as naive as can be.

/** How many runs each kind of queue gets; 100,000 take about five minutes on a core of its own. */
const RUNS = Number(process.env["SESSION_QUEUE_RUNS"] ?? 2500);
/** For the default share, many times what it takes on an idle machine. */
const TIMEOUT_MS = process.env["SESSION_QUEUE_RUNS"] === undefined ? 180_000 : 2 ** 31 - 1;

const topic = fc.nat({ max: 2 });
// Most of what happens happens to one client, so that its queue fills.
const client = fc.constantFrom(0, 0, 0, 1);
const payload = fc.oneof(
  { weight: 40, arbitrary: fc.constantFrom("", "p", "é😀", '"\\\n') },
  { weight: 10, arbitrary: fc.integer({ min: 1, max: 400 }).map((size) => "p".repeat(size)) },
  { weight: 1, arbitrary: fc.constantFrom("é".repeat(3000), "p".repeat(70_000)) },
);
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constant("publish" as const),
      topic,
      client,
      count: fc.constantFrom(1, 1, 2, 3, 7, 20),
      payload,
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant("subscribe" as const),
      topic,
      client,
      lastN: fc.nat({ max: 6 }),
      back: fc.integer({ min: -6, max: 7 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("unsubscribe" as const), topic, client }) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant("replies" as const), client, count: fc.constantFrom(1, 2, 12) }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant("read" as const),
      client,
      room: fc.constantFrom(1, 50, 300, 2000, 100_000, Number.POSITIVE_INFINITY),
      isNoticed: fc.boolean(),
    }),
  },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant("stall" as const), client }) },
  { weight: 8, arbitrary: fc.constant<Step>({ kind: "flush" }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("pass" as const), ms: fc.constantFrom(0, 400, 1100) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("delete" as const), topic }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("disconnect" as const), client }) },
);
const steps = fc.array(step, { minLength: 5, maxLength: 120, size: "max" });

function optionsOf(trace: boolean): fc.Arbitrary<RunOptions> {
  return fc.record({
    queue: fc.record({ maxMessages: fc.integer({ min: 1, max: 15 }), maxBytes: fc.constantFrom(500, 3000, 1_000_000) }),
    writeWaitMs: fc.constant(1000),
    historyLingerMs: fc.constantFrom(0, 1000),
    trace: fc.constant(trace),
    sliceBytes: fc.constantFrom(1, 400, 64 * 1024),
  });
}

describe.each([
  ["a session's queue", false],
  ["a traced session's queue", true],
])(`%s (seed ${SEED}, ${RUNS} runs)`, (name, isTraced) => {
  test(
    "gives clients what the model does, and they miss nothing that was not reported to them",
    () => {
      let dropped = 0;
      let slow = 0;
      fc.assert(
        fc.property(optionsOf(isTraced), steps, (options, all) => {
          const run = new SessionRun(options);
          for (const one of all) run.take(one);
          run.finish();
          dropped += run.dropped;
          slow += run.slow;
        }),
        { seed: SEED, numRuns: RUNS },
      );
      process.stdout.write(`  ${name}: ${RUNS} runs, ${dropped} events dropped, ${slow} slow consumers\n`);
      // Otherwise the property would say little.
      expect(dropped).toBeGreaterThan(RUNS);
      expect(slow).toBeGreaterThan(RUNS / 20);
    },
    TIMEOUT_MS,
  );
});
