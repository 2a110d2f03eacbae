import {
  control,
  expect,
  expectSame,
  type Place,
  randomFrom,
  type Scenario,
  type Sdk,
  type Side,
  sleep,
} from "./context.ts";
import { Traffic, type Verdict, verify } from "./traffic.ts";

// 1,000 forced disconnects in all, under a steady stream of publishes.

const CUTS = 820;
const STALLS = 50;
const ABSENCES = 100;
const RESTARTS = 30;
const SIDES = ["publisher", "consumer"] as const;
const HOW = ["close", "reset", "mid-frame down", "mid-frame up"] as const;

/** More than any outage here lasts: nothing may be lost. */
const LONG_RING = ["-ring-buffer-size=100000", "-topic-ttl=1m"];
/** Less than the consumer is away for; but more than are unanswered at a time, so that the server knows each again. */
const SHORT_RING = ["-ring-buffer-size=20", "-topic-ttl=1m"];
const SHORT_WINDOW = 5;
const WINDOW = 20;
const DEADLINE_MS = 240_000;

type Random = () => number;

function pick<T>(choices: readonly [T, ...T[]], random: Random): T {
  return choices[Math.floor(random() * choices.length)] ?? choices[0];
}

/** Breaks the stream so many times, each time when it has flowed a little; returns what the consumer made of it. */
async function survive(
  { place, sdk, times, window }: { sdk: Sdk; place: Place; times: number; window: number },
  breakOnce: (traffic: Traffic, random: Random, round: number) => Promise<unknown>,
): Promise<Verdict> {
  const random = randomFrom(place.seed);
  const traffic = new Traffic(sdk, place);
  await traffic.start(window);
  for (let round = 0; round < times; round++) {
    await traffic.flowing(1 + Math.floor(random() * 4));
    await breakOnce(traffic, random, round);
  }
  await traffic.flowing(1);
  await traffic.stop();
  return verify(traffic);
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

export const CHAOS: Readonly<Record<string, Scenario>> = {
  [`loses and doubles nothing in ${CUTS} cuts, with close, reset, and in mid-frame either way`]: {
    flags: LONG_RING,
    deadlineMs: DEADLINE_MS,
    run: async (sdk, place) => {
      const verdict = await survive({ sdk, place, times: CUTS, window: WINDOW }, (traffic, random) => {
        const how = pick(HOW, random);
        // While the stream flows, a consumer sends nothing.
        const side = how === "mid-frame up" ? "publisher" : pick(SIDES, random);
        return breakSide(traffic, side, () => control(place, { do: "cut", side, how }));
      });
      expectSame([verdict.gaps, verdict.repeated], [0, 0], "gaps and repetitions");
      await expectNoneDoubled(place, verdict);
      return told(verdict);
    },
  },

  [`notices ${STALLS} networks that stall without a word, and loses and doubles nothing`]: {
    flags: LONG_RING,
    deadlineMs: DEADLINE_MS,
    run: async (sdk, place) => {
      const verdict = await survive({ sdk, place, times: STALLS, window: WINDOW }, async (traffic, random) => {
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

  [`tells of ${RESTARTS} restarts of the server, and goes on with each new one`]: {
    flags: LONG_RING,
    deadlineMs: DEADLINE_MS,
    run: async (sdk, place) => {
      const verdict = await survive(
        { sdk, place, times: RESTARTS, window: WINDOW },
        async (traffic, _random, round) => {
          await breakSide(traffic, "consumer", () =>
            control(place, { do: "restart", signal: round % 2 === 0 ? "SIGKILL" : "SIGTERM" }),
          );
          await sleep(0);
        },
      );
      expectSame([verdict.incarnations, verdict.gaps], [RESTARTS + 1, RESTARTS], "incarnations and gaps");
      return told(verdict);
    },
  },
};
