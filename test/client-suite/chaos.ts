import type { ConnectOptions } from "../../src/client/index.ts";
import { control, expect, expectSame, type Place, randomFrom, type Scenario, type Sdk, type Side } from "./context.ts";
import { PATIENT, Traffic, type Verdict, verify } from "./traffic.ts";

// 1,000 forced disconnects in all, under a steady stream of publishes.

const CUTS = 620;
const SHARED_CUTS = 200;
const STALLS = 50;
const ABSENCES = 100;
const RESTARTS = 15;
const SIDES = ["publisher", "consumer"] as const;
const HOW = ["close", "reset", "mid-frame down", "mid-frame up"] as const;

/** More than any outage here lasts: nothing may be lost. */
const LONG_RING = ["-ring-buffer-size=100000", "-topic-ttl=1m"];
/** Less than the consumer is away for; but more than are unanswered at a time, so that the server knows each again. */
const SHORT_RING = ["-ring-buffer-size=20", "-topic-ttl=1m"];
const SHORT_WINDOW = 5;
const DEADLINE_MS = 240_000;

type Random = () => number;

function pick<T>(choices: readonly [T, ...T[]], random: Random): T {
  return choices[Math.floor(random() * choices.length)] ?? choices[0];
}

interface Trial {
  readonly sdk: Sdk;
  readonly place: Place;
  readonly times: number;
  /** The most publishes that are unanswered at a time. */
  readonly window?: number;
  /** Whether publisher and consumer are one client. */
  readonly isShared?: boolean;
  /** Of both clients, besides those of `HASTY`. */
  readonly options?: ConnectOptions;
  /** Whether all publishes must be acked: those that are sent again, to a server that did not restart. */
  readonly allAcked?: boolean;
}

/** Breaks the stream so many times, each time when it has flowed a little; returns what the consumer made of it. */
async function survive(
  { allAcked = true, isShared = false, options = {}, place, sdk, times, window = 20 }: Trial,
  breakOnce: (traffic: Traffic, random: Random, round: number) => Promise<unknown>,
): Promise<Verdict> {
  const random = randomFrom(place.seed);
  const traffic = new Traffic(sdk, place, isShared, options);
  await traffic.start(window);
  for (let round = 0; round < times; round++) {
    await traffic.flowing(1 + Math.floor(random() * 4));
    await breakOnce(traffic, random, round);
  }
  await traffic.flowing(1);
  await traffic.stop();
  const { failures } = traffic;
  if (allAcked) expect(failures.length === 0, `every publish to be acked; ${failures.length} were not: ${failures[0]}`);
  for (const error of failures) {
    expect(error instanceof sdk.RingcastError && error.code === "UNCONFIRMED", `UNCONFIRMED, not ${error}`);
  }
  const verdict = verify(traffic);
  expect(verdict.disconnects >= times, `at least ${times} disconnects, not ${verdict.disconnects}`);
  return verdict;
}

/** Breaks a side's connection, and waits until its client has noticed. */
async function breakSide(traffic: Traffic, side: Side, action: () => Promise<unknown>): Promise<void> {
  const before = traffic.losses[side];
  await action();
  await traffic.changes.until(() => traffic.losses[side] > before, `the ${side} to notice`);
}

/** Every number was published once, says the server, too. */
async function expectNoneDoubled(place: Place, { events, missing }: Verdict): Promise<void> {
  const topic = await control(place, { do: "request", method: "GET", path: "/topics/chaos" });
  expect(typeof topic === "object" && topic !== null && "message_count" in topic, "the topic to be there");
  expectSame(topic.message_count, events + missing, "the number of messages published");
}

function told(verdict: Verdict): string {
  return Object.entries(verdict)
    .map(([name, count]) => `${count} ${name}`)
    .join(", ");
}

function cutsOf(times: number, isShared: boolean): Scenario {
  return {
    flags: LONG_RING,
    deadlineMs: DEADLINE_MS,
    run: async (sdk, place) => {
      const verdict = await survive({ sdk, place, times, isShared }, (traffic, random) => {
        const how = pick(HOW, random);
        // While the stream flows, one that only consumes sends nothing.
        const side = isShared ? "consumer" : how === "mid-frame up" ? "publisher" : pick(SIDES, random);
        return breakSide(traffic, side, () => control(place, { do: "cut", side, how }));
      });
      expectSame([verdict.gaps, verdict.repeated], [0, 0], "gaps and repetitions");
      await expectNoneDoubled(place, verdict);
      return told(verdict);
    },
  };
}

function restartsOf(times: number, resend: boolean): Scenario {
  const options = { ...PATIENT, resend };
  return {
    flags: LONG_RING,
    deadlineMs: DEADLINE_MS,
    run: async (sdk, place) => {
      const verdict = await survive({ sdk, place, times, options, allAcked: false }, (traffic, _random, round) =>
        breakSide(traffic, "consumer", () =>
          control(place, { do: "restart", signal: round % 2 === 0 ? "SIGKILL" : "SIGTERM" }),
        ),
      );
      expectSame([verdict.incarnations, verdict.gaps], [times + 1, times], "incarnations and gaps");
      expectSame(verdict.repeated, 0, "numbers that came twice");
      return told(verdict);
    },
  };
}

export const CHAOS: Readonly<Record<string, Scenario>> = {
  [`loses and doubles nothing in ${CUTS} cuts, with close, reset, and in mid-frame either way`]: cutsOf(CUTS, false),

  [`loses and doubles nothing in ${SHARED_CUTS} cuts of a client that gets its own messages`]: cutsOf(
    SHARED_CUTS,
    true,
  ),

  [`notices ${STALLS} networks that stall without a word, and loses and doubles nothing`]: {
    flags: LONG_RING,
    deadlineMs: DEADLINE_MS,
    run: async (sdk, place) => {
      const verdict = await survive({ sdk, place, times: STALLS }, async (traffic, random) => {
        const side = pick(SIDES, random);
        await breakSide(traffic, side, () => control(place, { do: "stall", side }));
        await control(place, { do: "resume", side });
      });
      expectSame([verdict.gaps, verdict.repeated], [0, 0], "gaps and repetitions");
      await expectNoneDoubled(place, verdict);
      return told(verdict);
    },
  },

  [`tells exactly what is missing after ${ABSENCES} absences that the topic's memory does not cover`]: {
    flags: SHORT_RING,
    deadlineMs: DEADLINE_MS,
    run: async (sdk, place) => {
      const times = ABSENCES;
      const verdict = await survive({ sdk, place, times, window: SHORT_WINDOW }, async (traffic, random) => {
        const side = "consumer";
        await breakSide(traffic, side, async () => {
          await control(place, { do: "stall", side });
          await control(place, { do: "cut", side, how: "close" });
        });
        // Sometimes just within the memory, sometimes beyond.
        const goal = traffic.acked.size + 5 + Math.floor(random() * 40);
        await traffic.changes.until(() => traffic.acked.size >= goal, "the stream to go on");
        await control(place, { do: "resume", side });
      });
      expect(verdict.gaps > times / 10 && verdict.gaps < times, `some gaps, not ${verdict.gaps}`);
      expectSame([verdict.incarnations, verdict.repeated], [1, 0], "incarnations and repetitions");
      await expectNoneDoubled(place, verdict);
      return told(verdict);
    },
  },

  [`tells of ${RESTARTS} restarts of the server, and goes on with each new one`]: restartsOf(RESTARTS, true),

  [`publishes nothing again after ${RESTARTS} restarts of the server, if it is not to`]: restartsOf(RESTARTS, false),
};

/** The same where WebSockets are blocked, so that event streams and requests do their work. */
export const CHAOS_BY_HTTP: Readonly<Record<string, Scenario>> = Object.fromEntries(
  Object.entries(CHAOS).map(([name, { flags = [], ...scenario }]) => [
    `by HTTP, ${name}`,
    { ...scenario, flags: [...flags, "-enable-cors"], blocksWebSockets: true },
  ]),
);
